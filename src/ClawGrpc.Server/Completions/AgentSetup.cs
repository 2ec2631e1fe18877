using System.Collections.Immutable;
using ClawGrpc.Core.Caching;
using ClawGrpc.Core.Messages;
using ClawGrpc.Core.Profiles;
using ClawGrpc.Core.Selection;

namespace ClawGrpc.Server.Completions;

/// <summary>The configuration as the completions of one agent see it: everything resolved, nothing optional. Made anew when the configuration changes.</summary>
internal sealed record AgentSetup
{
    public required AuthSettings Auth { get; init; }

    public required HealthRules Health { get; init; }

    /// <summary>The key that serves when no profile can; null: there is none.</summary>
    public LooseKey? LooseKey { get; init; }

    /// <summary>Where Messages requests go.</summary>
    public required Uri MessagesUrl { get; init; }

    /// <summary>Headers of the configuration, sent with every request.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    public BetaUse ExtendedCacheTtl { get; init; }

    /// <summary>The <c>params</c> of the agent.</summary>
    public CacheParams AgentCache { get; init; } = CacheParams.None;

    /// <summary>What goes when nobody asks for a retention; null: plain breakpoints, as Clawdbot and Moltbot send.</summary>
    public Core.Retention? DefaultRetention { get; init; } = Core.Retention.Short;

    /// <summary>Settings by bare model id; a model that is absent has none.</summary>
    public ImmutableDictionary<string, ModelSetup> Models { get; init; } = ImmutableDictionary<string, ModelSetup>.Empty;

    /// <summary>A first content-bearing event must come within this time.</summary>
    public TimeSpan FirstEvent { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Between two events there may be this much silence; pings count.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>At most this many routes are tried.</summary>
    public int MaxAttempts { get; init; } = 8;

    public ModelSetup SetupOf(string model) => Models.GetValueOrDefault(model, ModelSetup.Default);
}

/// <summary>Settings of one model (<c>agents.defaults.models[ref].params</c>).</summary>
internal sealed record ModelSetup(CacheParams Cache, bool CacheOnSubscription, int MaxTokens)
{
    /// <summary>Room for a long answer, and below every model's own limit.</summary>
    public const int DefaultMaxTokens = 8192;

    public static readonly ModelSetup Default = new(CacheParams.None, false, DefaultMaxTokens);
}
