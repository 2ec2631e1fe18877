using System.Globalization;
using System.Text;
using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>The output of <c>claw usage</c>.</summary>
internal static class UsageOutput
{
    private static readonly string[] Counters = ["Completions", "Input", "Output", "Cache write", "Cache read", "Cost"];

    /// <summary>A table: names to the left, numbers to the right, a total below.</summary>
    public static string Text(
        GetUsageRequest request, IReadOnlyList<string> by, IReadOnlyList<UsageRow> rows, UsageCounters total)
    {
        var lines = new List<string[]>();
        lines.Add([.. by.Select(name => char.ToUpperInvariant(name[0]) + name[1..]), .. Counters]);
        lines.AddRange(rows.Select(row => (string[])[.. by.Select(name => Shown(name, row)), .. Numbers(row.Counters)]));
        if (by.Count > 0)
            lines.Add(["Total", .. Enumerable.Repeat("", by.Count - 1), .. Numbers(total)]);
        else
            lines.Add([.. Numbers(total)]);
        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToList();
        var text = new StringBuilder($"Usage from {request.FirstDay} to {request.LastDay} (UTC)\n");
        foreach (var line in lines)
        {
            var cells = line.Select((cell, column) =>
                column < by.Count ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            text.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        if (total.UnpricedCompletions > 0)
        {
            var count = total.UnpricedCompletions == 1 ? "1 completion" : $"{Grouped(total.UnpricedCompletions)} completions";
            text.Append($"The cost lacks a part of {count}, which has no price.\n");
        }

        return text.ToString();
    }

    /// <summary>One object: the days, the rows and the total.</summary>
    public static void Write(
        Utf8JsonWriter json, GetUsageRequest request, IReadOnlyList<string> by, IReadOnlyList<UsageRow> rows, UsageCounters total)
    {
        json.WriteStartObject();
        json.WriteString("from", request.FirstDay);
        json.WriteString("to", request.LastDay);
        json.WriteStrings("by", by);
        json.WriteStartArray("rows");
        foreach (var row in rows)
        {
            json.WriteStartObject();
            foreach (var name in by)
                json.WriteString(name, ValueOf(name, row));
            WriteCounters(json, row.Counters);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("total");
        WriteCounters(json, total);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteCounters(Utf8JsonWriter json, UsageCounters counters)
    {
        json.WriteNumber("completions", counters.Completions);
        json.WriteNumber("unpricedCompletions", counters.UnpricedCompletions);
        json.WriteNumber("inputTokens", counters.InputTokens);
        json.WriteNumber("outputTokens", counters.OutputTokens);
        json.WriteNumber("cacheCreationInputTokens", counters.CacheCreationInputTokens);
        json.WriteNumber("cacheReadInputTokens", counters.CacheReadInputTokens);
        json.WriteNumber("costUsd", Words.Usd(counters.CostNanoUsd));
    }

    private static string[] Numbers(UsageCounters counters) =>
    [
        Grouped(counters.Completions), Grouped(counters.InputTokens), Grouped(counters.OutputTokens),
        Grouped(counters.CacheCreationInputTokens), Grouped(counters.CacheReadInputTokens), Words.Dollars(counters.CostNanoUsd),
    ];

    private static string Grouped(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Shown(string name, UsageRow row) => ValueOf(name, row) is { Length: > 0 } value ? value : "-";

    private static string ValueOf(string name, UsageRow row) => name switch
    {
        "day" => row.Day,
        "client" => row.Client,
        "agent" => row.AgentId,
        "profile" => row.ProfileId,
        _ => row.Model,
    };
}
