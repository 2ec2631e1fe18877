using System.Collections.Immutable;
using System.Globalization;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Accounting;

/// <summary>The text of a file of counted usage: a row for each day, client, agent, profile and model.</summary>
internal static class UsageDocument
{
    private const int Version = 1;
    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>Reads the text: the rows; or what is wrong with it.</summary>
    public static (ImmutableDictionary<UsageKey, UsageCounters>? Rows, StoreSyntaxError? Error) Read(string text)
    {
        if (JsonTreeParser.Parse(text, out var error) is not JsonObject root)
            return (null, error ?? new StoreSyntaxError(1, 1, "expected an object"));
        if (root["version"] is not { } version || Number(version) != Version)
            return (null, StoreSyntaxError.At(text, root["version"]?.Offset ?? 0, $"expected the version {Version}"));
        if (root["rows"] is not JsonArray rows)
            return (null, StoreSyntaxError.At(text, root["rows"]?.Offset ?? 0, "expected the array rows"));
        var read = ImmutableDictionary.CreateBuilder<UsageKey, UsageCounters>();
        foreach (var item in rows.Items)
        {
            if (item is not JsonObject row || KeyOf(row) is not { } key || CountersOf(row) is not { } counters)
                return (null, StoreSyntaxError.At(text, item.Offset, "expected a day, names, and counters as whole numbers"));
            read[key] = read.GetValueOrDefault(key) + counters;
        }

        return (read.ToImmutable(), null);
    }

    public static string Write(ImmutableDictionary<UsageKey, UsageCounters> rows)
    {
        var items = UsageKey.Ordered(rows).Select(row => RowOf(row.Key, row.Value));
        var root = JsonObject.Empty.With("version", JsonTree.Of(Version)).With("rows", new JsonArray(0, [.. items]));
        return $"{JsonTreeText.Of(root)}\n";
    }

    private static JsonObject RowOf(UsageKey key, UsageCounters counters) => JsonObject.Empty
        .With("day", JsonTree.Of(key.Day.ToString(DayFormat, CultureInfo.InvariantCulture)))
        .With("client", JsonTree.Of(key.Client))
        .With("agent", JsonTree.Of(key.Agent))
        .With("profile", JsonTree.Of(key.Profile))
        .With("model", JsonTree.Of(key.Model))
        .With("completions", JsonTree.Of(counters.Completions))
        .With("unpriced", JsonTree.Of(counters.Unpriced))
        .With("input", JsonTree.Of(counters.Input))
        .With("output", JsonTree.Of(counters.Output))
        .With("cacheWrite", JsonTree.Of(counters.CacheWrite))
        .With("cacheRead", JsonTree.Of(counters.CacheRead))
        .With("nanoUsd", JsonTree.Of(counters.NanoUsd));

    private static UsageKey? KeyOf(JsonObject row) =>
        DateOnly.TryParseExact(
            row.TextOf("day"), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && (row.TextOf("client"), row.TextOf("agent"), row.TextOf("profile"), row.TextOf("model"))
            is ({ } client, { } agent, { } profile, { } model)
            ? new UsageKey(day, client, agent, profile, model)
            : null;

    private static UsageCounters? CountersOf(JsonObject row) =>
        (Number(row["completions"]), Number(row["unpriced"]), Number(row["input"]), Number(row["output"]),
            Number(row["cacheWrite"]), Number(row["cacheRead"]), Number(row["nanoUsd"]))
            is ({ } completions, { } unpriced, { } input, { } output, { } written, { } read, { } nanos)
            ? new UsageCounters(completions, unpriced, input, output, written, read, nanos)
            : null;

    // Amounts may have more digits than a double.
    private static long? Number(JsonTree? value) => value is JsonNumber { Text: var text }
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
