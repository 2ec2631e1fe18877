namespace ClawGrpc.Core.Anthropic;

/// <summary>What was said about caching, and by whom, before the policy decides.</summary>
internal sealed record CacheSettings
{
    /// <summary>What the call asks for; null if there is nothing.</summary>
    public Retention? Call { get; init; }

    /// <summary>What the agent's <c>params</c> ask for; null if there is nothing.</summary>
    public Retention? Agent { get; init; }

    /// <summary>What the model's <c>params</c> ask for; null if there is nothing.</summary>
    public Retention? Model { get; init; }

    /// <summary>
    /// The default: <see cref="Retention.Short"/> for folders of OpenClaw and our own; null for those of Clawdbot
    /// and Moltbot, whose programs send plain breakpoints without a ttl.
    /// </summary>
    public Retention? Default { get; init; } = Retention.Short;

    /// <summary>
    /// Whether the credential is a subscription's (setup-token, Claude CLI or OAuth login of a plan): it ignores all of the
    /// above.
    /// </summary>
    public bool IsSubscription { get; init; }

    /// <summary><c>params.cacheOnSubscription</c>: subscriptions ignore nothing.</summary>
    public bool CacheOnSubscription { get; init; }

    /// <summary>Whether the settings count for this credential.</summary>
    internal bool Counts => !IsSubscription || CacheOnSubscription;
}
