using System.CommandLine;
using System.Globalization;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw usage</c>: what completions used and cost, across restarts of the server.</summary>
internal static class UsageCommand
{
    private const string DayFormat = "yyyy-MM-dd";

    private static readonly (string Name, UsageDimension Dimension)[] Dimensions =
    [
        ("day", UsageDimension.Day),
        ("client", UsageDimension.Client),
        ("agent", UsageDimension.Agent),
        ("profile", UsageDimension.Profile),
        ("model", UsageDimension.Model),
    ];

    public static Command Create(Globals globals)
    {
        var by = new Option<string?>("--by")
        {
            Description = "Rows, comma-separated: day, client, agent, profile, model, or none (default: day)",
            HelpName = "what",
        };
        by.CompletionSources.Add([.. Dimensions.Select(each => each.Name), "none"]);
        var since = new Option<string?>("--since")
        {
            Description = "First day in UTC, or a duration such as 7d (default: 30d)",
            HelpName = "day|duration",
        };
        var until = new Option<string?>("--until") { Description = "Last day in UTC (default: today)", HelpName = "day" };
        var client = new Option<string?>("--client") { Description = "Only calls of a client", HelpName = "name" };
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        Symbol[] symbols = [by, since, until, client, json];
        const string description = "Show what completions used and cost, of all agents without --agent";
        return globals.Command("usage", description, symbols, async (invocation, cancellation) =>
        {
            var dimensions = DimensionsOf(invocation.Get(by) ?? "day");
            var today = DateOnly.FromDateTime(invocation.Environment.Time.GetUtcNow().UtcDateTime);
            var request = new GetUsageRequest
            {
                FirstDay = DayOf(Since(invocation.Get(since) ?? "30d", today)),
                LastDay = DayOf(invocation.Get(until) is { } given ? Day("--until", given) : today),
                AgentId = invocation.AgentId,
                Client = invocation.Get(client)?.Trim() ?? "",
                Dimensions = { dimensions.Select(each => each.Dimension) },
            };
            if (string.CompareOrdinal(request.FirstDay, request.LastDay) > 0)
                throw CliFailure.Failed($"--since {request.FirstDay} is after --until {request.LastDay}.");
            var (rows, total) = await AllAsync(invocation, request, cancellation);

            // An agent that was removed has usage still. Of one that has none, the status says whether there is such an agent.
            if (total.Completions == 0 && request.AgentId.Length > 0)
            {
                var agent = new GetStatusRequest { AgentId = request.AgentId };
                await invocation.Models.GetStatusAsync(agent, cancellationToken: cancellation);
            }

            var names = dimensions.ConvertAll(each => each.Name);
            if (invocation.Get(json))
                Json.WriteDocument(invocation.Out, writer => UsageOutput.Write(writer, request, names, rows, total));
            else
                invocation.Out.Write(UsageOutput.Text(request, names, rows, total));
            invocation.Out.Flush();
            return 0;
        });
    }

    private static async Task<(List<UsageRow> Rows, UsageCounters Total)> AllAsync(
        Invocation invocation, GetUsageRequest request, CancellationToken cancellation)
    {
        var rows = new List<UsageRow>();
        GetUsageResponse page;
        do
        {
            page = await invocation.Models.GetUsageAsync(request, cancellationToken: cancellation);
            rows.AddRange(page.Rows);
            request.PageToken = page.NextPageToken;
        }
        while (page.NextPageToken.Length > 0);
        return (rows, page.Total ?? new UsageCounters());
    }

    private static List<(string Name, UsageDimension Dimension)> DimensionsOf(string text)
    {
        if (text.Trim() == "none")
            return [];
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var unknown = names.Where(name => Dimensions.All(known => known.Name != name)).ToList();
        if (names.Length == 0 || unknown.Count > 0)
        {
            var wrong = unknown.Count > 0 ? unknown[0] : text;
            throw CliFailure.Failed(
                $"Invalid --by \"{wrong}\" (use {string.Join(", ", Dimensions.Select(known => known.Name))}, or none).");
        }

        // In one order, which is that of the rows.
        return [.. Dimensions.Where(known => names.Contains(known.Name))];
    }

    // Seven days are today and the six before it.
    private static DateOnly Since(string text, DateOnly today)
    {
        if (DateOnly.TryParseExact(text.Trim(), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        try
        {
            var days = (int)Math.Ceiling(DurationText.Parse(text).TotalDays);
            return days <= 1 ? today : today.DayNumber < days ? DateOnly.MinValue : today.AddDays(1 - days);
        }
        catch (FormatException)
        {
            throw Invalid("--since", text, "a day such as 2026-02-08, or a duration such as 7d");
        }
    }

    private static DateOnly Day(string option, string text) =>
        DateOnly.TryParseExact(text.Trim(), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw Invalid(option, text, "a day such as 2026-02-08");

    private static CliFailure Invalid(string option, string text, string expected) =>
        CliFailure.Failed($"Invalid {option} \"{text}\" (use {expected}).");

    private static string DayOf(DateOnly day) => day.ToString(DayFormat, CultureInfo.InvariantCulture);
}
