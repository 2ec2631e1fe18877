namespace ClawGrpc.Testing;

/// <summary>A model of the sandbox (anthropic-api.md 1.4 and 5).</summary>
/// <param name="Id">The id that answers carry.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="CreatedOn">The day, as <c>yyyy-MM-dd</c>.</param>
/// <param name="Line">haiku, sonnet, opus, fable or mythos.</param>
/// <param name="MaxInput">Context window in tokens.</param>
/// <param name="MaxOutput">Largest <c>max_tokens</c>.</param>
/// <param name="MinimumCacheable">Shortest prefix that is cached, in tokens.</param>
internal sealed record ModelEntry(
    string Id, string DisplayName, string CreatedOn, string? Line, int MaxInput, int MaxOutput, int MinimumCacheable)
{
    public ModelAge Age { get; init; }

    /// <summary>Whether <c>temperature</c>, <c>top_p</c> and <c>top_k</c> may be chosen freely.</summary>
    public bool FreeSampling => Age != ModelAge.Newer;

    /// <summary>Whether an assistant message may stand last.</summary>
    public bool Prefill => Age == ModelAge.UpTo45;

    /// <summary>Whether thinking cannot be switched off, which excludes a forced tool choice.</summary>
    public bool AlwaysThinks { get; init; }
}

/// <summary>The generation of a model, as far as rules depend on it.</summary>
internal enum ModelAge
{
    Newer,
    UpTo46,
    UpTo45,
}
