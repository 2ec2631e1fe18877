using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>What the cache policy does to a request, and why.</summary>
/// <param name="Requested">
/// The retention that was asked for; null if none was, and the folder's generation has no default.
/// </param>
/// <param name="RequestedBy">Who asked: <c>call</c>, <c>agent</c>, <c>model</c> or <c>default</c>.</param>
/// <param name="Applied">The retention of the breakpoints the policy set; <see cref="Retention.None"/>: it set none.</param>
/// <param name="Reason">Why the two differ, or why a breakpoint is missing; empty if they do not, and none is.</param>
/// <param name="Breakpoints">All breakpoints of the request as it is sent, the caller's own included, in prefix order.</param>
internal sealed record CachePlan(
    Retention? Requested, string RequestedBy, Retention Applied, string Reason, ImmutableArray<CacheBreakpoint> Breakpoints)
{
    /// <summary>Whether any breakpoint asks for one hour, the caller's own included.</summary>
    public bool HasOneHour => Breakpoints.Any(static breakpoint => breakpoint.Ttl == CacheTtl.OneHour);

    internal IReadOnlyList<BodyEdit> Edits { get; init; } = [];
}

/// <summary>A place up to which upstream caches the prompt.</summary>
/// <param name="Path">
/// Such as <c>tools[2]</c> or <c>messages[4].content[1]</c>; <c>cache_control</c>: wherever upstream puts it (automatic caching).
/// </param>
/// <param name="FromCaller">Whether the caller set it, and not the policy.</param>
internal sealed record CacheBreakpoint(string Path, CacheTtl Ttl, bool FromCaller);
