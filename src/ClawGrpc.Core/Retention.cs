namespace ClawGrpc.Core;

/// <summary>How long Anthropic keeps the prompt cached.</summary>
internal enum Retention
{
    /// <summary>Not cached: no breakpoint is set.</summary>
    None,

    /// <summary>Five minutes, refreshed by each read.</summary>
    Short,

    /// <summary>One hour, refreshed by each read.</summary>
    Long,
}
