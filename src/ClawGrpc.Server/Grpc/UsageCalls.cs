using System.Globalization;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.V1;
using UsageCounters = ClawGrpc.Core.Accounting.UsageCounters;

namespace ClawGrpc.Server.Grpc;

/// <summary>GetUsage: what was counted, for callers that may see it.</summary>
internal sealed class UsageCalls(UsageBook book, TimeProvider time)
{
    private const int DefaultPage = 1000;
    private const int LargestPage = 10_000;
    private const string DayFormat = "yyyy-MM-dd";

    public async Task<GetUsageResponse> GetAsync(GetUsageRequest request, Caller caller, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var oldest = today.AddDays(-UsageBook.DaysKept);
        var input = new Input();
        var first = DayOf(input, "first_day", request.FirstDay, oldest);
        var filter = new UsageFilter(first > oldest ? first : oldest, DayOf(input, "last_day", request.LastDay, today))
        {
            Agent = request.AgentId.Trim(),
            Client = request.Client.Trim(),
            MayUse = caller.MayUse,
            OwnName = caller.May(Scopes.Admin) ? null : caller.Client.Name,
        };
        var by = DimensionsOf(input, request);
        if (request.PageSize is < 0 or > LargestPage)
            input.Wrong("page_size", $"Expected 0 to {LargestPage}");
        var start = 0;
        if (request.PageToken.Length > 0
            && !int.TryParse(request.PageToken, NumberStyles.None, CultureInfo.InvariantCulture, out start))
        {
            input.Wrong("page_token", "Expected the next_page_token of the page before");
        }

        input.Check();
        if (filter.Agent.Length > 0 && !caller.MayUse(filter.Agent))
            throw AccessRefusals.AgentNotPermitted(caller, filter.Agent).ToException();
        var report = UsageReport.Of(await book.ReadAsync(cancellation), filter, by);
        var size = request.PageSize == 0 ? DefaultPage : request.PageSize;
        var response = new GetUsageResponse
        {
            Total = MessageOf(report.Total),
            NextPageToken = start + size < report.Rows.Length ? $"{start + size}" : "",
        };
        foreach (var (key, counters) in report.Rows.Skip(start).Take(size))
        {
            response.Rows.Add(new UsageRow
            {
                Day = by.HasFlag(UsageDimensions.Day) ? key.Day.ToString(DayFormat, CultureInfo.InvariantCulture) : "",
                Client = key.Client,
                AgentId = key.Agent,
                ProfileId = key.Profile,
                Model = key.Model,
                Counters = MessageOf(counters),
            });
        }

        return response;
    }

    private static DateOnly DayOf(Input input, string field, string given, DateOnly otherwise)
    {
        if (given.Length == 0)
            return otherwise;
        if (!DateOnly.TryParseExact(given, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            input.Wrong(field, "Expected a day such as 2026-02-08");
        return day;
    }

    private static UsageDimensions DimensionsOf(Input input, GetUsageRequest request)
    {
        var by = UsageDimensions.None;
        foreach (var dimension in request.Dimensions)
        {
            by |= dimension switch
            {
                UsageDimension.Day => UsageDimensions.Day,
                UsageDimension.Client => UsageDimensions.Client,
                UsageDimension.Agent => UsageDimensions.Agent,
                UsageDimension.Profile => UsageDimensions.Profile,
                UsageDimension.Model => UsageDimensions.Model,
                _ => UsageDimensions.None,
            };
            if (dimension is < UsageDimension.Day or > UsageDimension.Model)
                input.Wrong("dimensions", "Expected day, client, agent, profile or model");
        }

        return by;
    }

    private static V1.UsageCounters MessageOf(UsageCounters counters) => new()
    {
        Completions = counters.Completions,
        UnpricedCompletions = counters.Unpriced,
        InputTokens = counters.Input,
        OutputTokens = counters.Output,
        CacheCreationInputTokens = counters.CacheWrite,
        CacheReadInputTokens = counters.CacheRead,
        CostNanoUsd = counters.NanoUsd,
    };
}
