using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>When <see cref="AnthropicBeta.ExtendedCacheTtl"/> is sent (openclaw-spec.md, section 0).</summary>
internal enum BetaUse
{
    /// <summary>When a breakpoint of the request asks for one hour.</summary>
    WhenNeeded,

    /// <summary>With every request.</summary>
    Always,

    /// <summary>Never by policy; a caller or the configuration may still name it.</summary>
    Never,
}

/// <summary>The values of <c>anthropic-beta</c>: the union of all sources; none overwrites another.</summary>
internal static class AnthropicBeta
{
    /// <summary>Sent with every bearer token (anthropic-api.md, section 6.2).</summary>
    public const string OAuth = "oauth-2025-04-20";

    /// <summary>Sent with breakpoints of one hour.</summary>
    public const string ExtendedCacheTtl = "extended-cache-ttl-2025-04-11";

    /// <summary>All values, each once, in the order given: configuration, call, policy.</summary>
    /// <param name="lists">Comma-separated lists or single values; empty parts are dropped.</param>
    public static ImmutableArray<string> Union(params IEnumerable<string> lists) =>
        [.. lists.SelectMany(
            list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()];

    /// <summary>What is wrong with a value that a caller gives; null if there is nothing.</summary>
    public static string? Refusal(string value) =>
        value.Length is 0 or > 200 || value.Any(letter => letter is <= ' ' or > '~' or ',')
            ? "must be 1 to 200 printable ASCII characters without spaces and commas"
            : null;

    /// <summary>The values that policy adds.</summary>
    internal static IEnumerable<string> OfPolicy(bool isBearer, bool hasOneHour, BetaUse use, CacheSettings cache)
    {
        if (isBearer)
            yield return OAuth;
        if (cache.Counts && (use == BetaUse.Always || use == BetaUse.WhenNeeded && hasOneHour))
            yield return ExtendedCacheTtl;
    }
}
