using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>
/// The configuration as the completions of one agent see it, with everything resolved. Each configuration has its own.
/// </summary>
internal sealed record AgentSetup
{
    public required AuthSettings Auth { get; init; }

    public required HealthRules Health { get; init; }

    public required ModelChoices Models { get; init; }

    /// <summary>What the references of the configuration came to.</summary>
    public required ImmutableDictionary<SecretReference, ResolvedSecret> References { get; init; }

    /// <summary>Headers of the configuration that are not sent, since their values cannot be had.</summary>
    public required ImmutableArray<Ineligible> HeaderFaults { get; init; }

    /// <summary>The keys of environment and configuration, in the order in which they serve.</summary>
    public required ImmutableArray<FallbackKey> FallbackKeys { get; init; }

    /// <summary>
    /// The key that serves when no profile can, or an unusable one that would; null if there is none.
    /// </summary>
    public FallbackKey? FallbackKey =>
        FallbackKeys.FirstOrDefault(key => key.Unusable is null) ?? FallbackKeys.FirstOrDefault();

    /// <summary>Where Messages requests go.</summary>
    public required Uri MessagesUrl { get; init; }

    /// <summary>Where prompts are counted.</summary>
    public required Uri CountUrl { get; init; }

    /// <summary>Where upstream lists its models; null if the configuration's models replace them (<c>models.mode</c>).</summary>
    public required Uri? ModelsUrl { get; init; }

    /// <summary>Whether the configuration sends requests to this machine, or to a <c>.local</c> name of its network.</summary>
    public required bool IsLocal { get; init; }

    /// <summary>The models of <c>models.providers.anthropic</c>.</summary>
    public required ImmutableArray<ProviderModel> ProviderModels { get; init; }

    /// <summary>Headers of the configuration, sent with every request.</summary>
    public required ImmutableArray<KeyValuePair<string, string>> Headers { get; init; }

    public required BetaUse ExtendedCacheTtl { get; init; }

    /// <summary>What models cost.</summary>
    public required Prices Prices { get; init; }

    /// <summary>The retention of calls that state none; null for plain breakpoints, as Clawdbot and Moltbot send.</summary>
    public Retention? DefaultRetention { get; init; } = Retention.Short;

    /// <summary>A first content-bearing event must come within this time.</summary>
    public required TimeSpan FirstEvent { get; init; }

    /// <summary>The longest silence between two events; pings count as events.</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>The most routes that one completion tries.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>The agent's <c>params</c>, which count more than the model's.</summary>
    public required ModelParameters Parameters { get; init; }

    /// <summary>From <c>provider/model</c> to its <c>params</c>.</summary>
    public required ImmutableDictionary<string, ModelParameters> ModelParameters { get; init; }
}
