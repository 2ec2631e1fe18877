using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

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
