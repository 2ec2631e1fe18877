using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Counters on their way into messages.</summary>
internal static class UsageMapping
{
    /// <summary>Null stays null: upstream counted nothing.</summary>
    public static Usage? ToUsage(UsageCount? count)
    {
        if (count is null)
            return null;
        var usage = new Usage
        {
            InputTokens = count.InputTokens,
            OutputTokens = count.OutputTokens,
            CacheCreationInputTokens = count.CacheCreationInputTokens,
            CacheReadInputTokens = count.CacheReadInputTokens,
            RawJson = UnsafeByteOperations.UnsafeWrap(count.RawJson),
        };
        // An optional field is unset by not being set.
        if (count.CacheCreation5mInputTokens is { } short5m)
            usage.CacheCreation5MInputTokens = short5m;
        if (count.CacheCreation1hInputTokens is { } long1h)
            usage.CacheCreation1HInputTokens = long1h;
        return usage;
    }

    public static UsageSummary ToSummary(UsageSum sum) => new()
    {
        Completions = sum.Completions,
        UnpricedCompletions = sum.UnpricedCompletions,
        Usage = ToUsage(sum.Usage),
        Cost = ToCost(sum.Cost),
    };

    public static V1.RateLimitWindow ToMessage(Gateway.Agents.RateLimitWindow window)
    {
        var message = new V1.RateLimitWindow
        {
            Name = window.Name,
            SeenTime = Timestamp.FromDateTimeOffset(window.Seen),
            ResetTime = Timestamps.OrUnset(window.Reset),
            State = window.State ?? "",
        };

        // An optional field is unset by not being set.
        if (window.Limit is { } limit)
            message.Limit = limit;
        if (window.Remaining is { } remaining)
            message.Remaining = remaining;
        if (window.Utilization is { } utilization)
            message.Utilization = utilization;
        return message;
    }

    public static V1.Cost ToCost(Core.Pricing.Cost cost) => new()
    {
        TotalNanoUsd = cost.Total,
        InputNanoUsd = cost.Input,
        OutputNanoUsd = cost.Output,
        CacheWrite5MNanoUsd = cost.CacheWrite5m,
        CacheWrite1HNanoUsd = cost.CacheWrite1h,
        CacheReadNanoUsd = cost.CacheRead,
        CacheSavedNanoUsd = cost.CacheSaved,
        Unpriced = cost.Unpriced,
        PriceSource = cost.Source,
    };
}
