using ClawGrpc.Core.Messages;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Mapping;

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
}
