using System.Collections.Immutable;

namespace ClawGrpc.Core.Accounting;

/// <summary>What a report has a row for.</summary>
[Flags]
internal enum UsageDimensions
{
    /// <summary>One row for everything.</summary>
    None = 0,

    Day = 1,

    Client = 2,

    Agent = 4,

    Profile = 8,

    Model = 16,
}

/// <summary>Which usage a report is about.</summary>
/// <param name="From">The first day.</param>
/// <param name="To">The last day.</param>
internal sealed record UsageFilter(DateOnly From, DateOnly To)
{
    /// <summary>The only agent; empty for all.</summary>
    public string Agent { get; init; } = "";

    /// <summary>The only client; empty for all.</summary>
    public string Client { get; init; } = "";

    /// <summary>Whether the caller may see an agent.</summary>
    public required Func<string, bool> MayUse { get; init; }

    /// <summary>The client whose name the caller may see; null if it may see all. Others are counted without a name.</summary>
    public string? OwnName { get; init; }
}

/// <summary>Usage by what it was asked for.</summary>
/// <param name="Rows">
/// By day, client, agent, profile and model; in each key, what the report does not tell apart is empty.
/// </param>
/// <param name="Total">The sum of the rows.</param>
internal sealed record UsageReport(ImmutableArray<KeyValuePair<UsageKey, UsageCounters>> Rows, UsageCounters Total)
{
    public static UsageReport Of(
        IEnumerable<KeyValuePair<UsageKey, UsageCounters>> counted, UsageFilter filter, UsageDimensions by)
    {
        var sums = new Dictionary<UsageKey, UsageCounters>();
        var total = default(UsageCounters);
        foreach (var (full, counters) in counted)
        {
            var key = filter.OwnName is { } own && full.Client != own ? full with { Client = "" } : full;
            if (key.Day < filter.From || key.Day > filter.To || !filter.MayUse(key.Agent)
                || (filter.Agent.Length > 0 && key.Agent != filter.Agent)
                || (filter.Client.Length > 0 && key.Client != filter.Client))
            {
                continue;
            }

            var row = Cut(key, by);
            sums[row] = sums.GetValueOrDefault(row) + counters;
            total += counters;
        }

        return new UsageReport([.. UsageKey.Ordered(sums)], total);
    }

    private static UsageKey Cut(UsageKey key, UsageDimensions by) => new(
        by.HasFlag(UsageDimensions.Day) ? key.Day : default,
        by.HasFlag(UsageDimensions.Client) ? key.Client : "",
        by.HasFlag(UsageDimensions.Agent) ? key.Agent : "",
        by.HasFlag(UsageDimensions.Profile) ? key.Profile : "",
        by.HasFlag(UsageDimensions.Model) ? key.Model : "");
}
