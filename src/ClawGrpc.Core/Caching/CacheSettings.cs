namespace ClawGrpc.Core.Caching;

/// <summary>What was said about caching, by whom, before the policy decides (design: prompt caching).</summary>
public sealed record CacheSettings
{
    /// <summary>What the call asks for; null: nothing.</summary>
    public Retention? Call { get; init; }

    /// <summary>The agent's <c>params</c>.</summary>
    public CacheParams Agent { get; init; } = CacheParams.None;

    /// <summary>The model's <c>params</c>.</summary>
    public CacheParams Model { get; init; } = CacheParams.None;

    /// <summary>
    /// What goes when nobody asks: <see cref="Retention.Short"/> for folders of OpenClaw and our own; null for those of Clawdbot and
    /// Moltbot, whose programs send plain breakpoints without a ttl.
    /// </summary>
    public Retention? Default { get; init; } = Retention.Short;

    /// <summary>Whether the credential is a subscription's (setup-token, Claude CLI or OAuth login of a plan): it ignores all of the above.</summary>
    public bool IsSubscription { get; init; }

    /// <summary><c>params.cacheOnSubscription</c>: subscriptions ignore nothing.</summary>
    public bool CacheOnSubscription { get; init; }

    /// <summary>Whether the settings count for this credential.</summary>
    internal bool Counts => !IsSubscription || CacheOnSubscription;
}

/// <summary>The caching settings among the <c>params</c> of an agent or a model, as they stand there.</summary>
/// <param name="CacheRetention"><c>cacheRetention</c>: <c>none</c>, <c>short</c> or <c>long</c>; anything else, and null, says nothing.</param>
/// <param name="CacheControlTtl"><c>cacheControlTtl</c>, its older form: <c>5m</c> or <c>1h</c>; the newer one wins.</param>
public sealed record CacheParams(string? CacheRetention, string? CacheControlTtl)
{
    /// <summary>Nothing is set.</summary>
    public static CacheParams None { get; } = new(null, null);

    /// <summary>What they ask for; null: nothing.</summary>
    public Retention? Retention => (CacheRetention, CacheControlTtl) switch
    {
        ("none", _) => Core.Retention.None,
        ("short", _) => Core.Retention.Short,
        ("long", _) => Core.Retention.Long,
        (_, "5m") => Core.Retention.Short,
        (_, "1h") => Core.Retention.Long,
        _ => null,
    };
}
