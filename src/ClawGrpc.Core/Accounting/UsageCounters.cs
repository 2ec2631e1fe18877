namespace ClawGrpc.Core.Accounting;

/// <summary>What usage is counted by. Names are empty where they do not apply or are summed up.</summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Client">The client that called.</param>
/// <param name="Agent">The agent whose credential served.</param>
/// <param name="Profile">The profile that served; empty for a key that belongs to none.</param>
/// <param name="Model">The model that served, as <c>provider/model</c>.</param>
internal readonly record struct UsageKey(DateOnly Day, string Client, string Agent, string Profile, string Model)
{
    /// <summary>By day, client, agent, profile and model: the order of files and of reports.</summary>
    public static IEnumerable<KeyValuePair<UsageKey, UsageCounters>> Ordered(
        IEnumerable<KeyValuePair<UsageKey, UsageCounters>> rows) => rows.OrderBy(row => row.Key.Day)
        .ThenBy(row => row.Key.Client, StringComparer.Ordinal).ThenBy(row => row.Key.Agent, StringComparer.Ordinal)
        .ThenBy(row => row.Key.Profile, StringComparer.Ordinal).ThenBy(row => row.Key.Model, StringComparer.Ordinal);
}

/// <summary>What was used.</summary>
/// <param name="Completions">Answers that began, however they ended.</param>
/// <param name="Unpriced">Those of them of which some part has no price.</param>
/// <param name="Input">Tokens of input outside of the cache.</param>
/// <param name="Output">Tokens of output.</param>
/// <param name="CacheWrite">Tokens of input that were written to the cache.</param>
/// <param name="CacheRead">Tokens of input that were read from the cache.</param>
/// <param name="NanoUsd">Billionths of a US dollar.</param>
internal readonly record struct UsageCounters(
    long Completions, long Unpriced, long Input, long Output, long CacheWrite, long CacheRead, long NanoUsd)
{
    public static UsageCounters operator +(UsageCounters one, UsageCounters other) => new(
        one.Completions + other.Completions, one.Unpriced + other.Unpriced, one.Input + other.Input,
        one.Output + other.Output, one.CacheWrite + other.CacheWrite, one.CacheRead + other.CacheRead,
        one.NanoUsd + other.NanoUsd);

    public static UsageCounters operator -(UsageCounters one, UsageCounters other) => new(
        one.Completions - other.Completions, one.Unpriced - other.Unpriced, one.Input - other.Input,
        one.Output - other.Output, one.CacheWrite - other.CacheWrite, one.CacheRead - other.CacheRead,
        one.NanoUsd - other.NanoUsd);
}
