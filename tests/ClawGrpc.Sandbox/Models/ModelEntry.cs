namespace ClawGrpc.Testing;

/// <summary>A model of the sandbox (anthropic-api.md 1.4 and 5).</summary>
/// <param name="Id">The id that answers carry.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="CreatedAt">RFC 3339.</param>
/// <param name="Line">haiku, sonnet, opus, fable or mythos.</param>
/// <param name="MaxInput">Context window in tokens.</param>
/// <param name="MaxOutput">Largest <c>max_tokens</c>.</param>
/// <param name="MinimumCacheable">Shortest prefix that is cached, in tokens.</param>
internal sealed record ModelEntry(
    string Id, string DisplayName, string CreatedAt, string? Line, int MaxInput, int MaxOutput, int MinimumCacheable)
{
    /// <summary>Whether <c>temperature</c>, <c>top_p</c> and <c>top_k</c> may be chosen freely: up to the 4.6 generation.</summary>
    public bool FreeSampling { get; init; }

    /// <summary>Whether an assistant message may stand last: up to the 4.5 generation.</summary>
    public bool Prefill { get; init; }

    /// <summary>Whether thinking cannot be switched off, which excludes a forced tool choice.</summary>
    public bool AlwaysThinks { get; init; }
}
