using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;

namespace ClawGrpc.Gateway.Status;

/// <summary>The credentials of an agent, in OpenClaw's words and order (openclaw-spec.md, section 7.3).</summary>
internal sealed record AuthStatus
{
    /// <summary>The file that holds the profiles.</summary>
    public required string StorePath { get; init; }

    /// <summary>Whether the login shell is asked for keys.</summary>
    public required bool ShellEnvFallback { get; init; }

    /// <summary>Such as <c>anthropic (2)</c>: providers with OAuth or token profiles, and how many.</summary>
    public required ImmutableArray<string> ProvidersWithLogins { get; init; }

    /// <summary>Providers that a model in use needs and that have no credential.</summary>
    public required ImmutableArray<string> MissingProvidersInUse { get; init; }

    /// <summary>The providers that have a credential.</summary>
    public required ImmutableArray<ProviderStatus> Providers { get; init; }

    /// <summary>Every profile, and every route, that is set aside; the soonest to come back first.</summary>
    public required ImmutableArray<UnusableProfile> UnusableProfiles { get; init; }

    /// <summary>Every profile, by provider and id.</summary>
    public required ImmutableArray<ProfileStatus> Profiles { get; init; }

    /// <summary>The worst of the profiles of each provider.</summary>
    public required ImmutableArray<ProviderExpiry> ProviderExpiries { get; init; }
}

/// <summary>Where the credential of a provider comes from.</summary>
internal sealed record ProviderStatus
{
    public required string Provider { get; init; }

    /// <summary>
    /// The kind <c>profiles</c>, <c>env</c>, <c>models.json</c> or <c>missing</c>, and the file or the masked value.
    /// </summary>
    public required (string Kind, string Detail) Effective { get; init; }

    /// <summary>The credentials of its profiles.</summary>
    public required ImmutableArray<CredentialType> Types { get; init; }

    /// <summary>One for each profile, such as <c>anthropic:default=sk-ant-a...00000001 [cooldown 8m]</c>.</summary>
    public required ImmutableArray<string> Labels { get; init; }

    /// <summary>The masked value of the environment's key and <c>env: NAME</c>; null if there is none.</summary>
    public required (string Value, string Source)? Environment { get; init; }

    /// <summary>The masked key of the configuration and its file; null if there is none.</summary>
    public required (string Value, string Source)? Configuration { get; init; }
}

/// <summary>A profile or a route that is set aside.</summary>
internal sealed record UnusableProfile
{
    public required string ProfileId { get; init; }

    /// <summary>Null if the profile is no longer stored.</summary>
    public required string? Provider { get; init; }

    public required SetAside Aside { get; init; }

    /// <summary>What a person can do about it.</summary>
    public required string RecoveryHint { get; init; }
}

internal sealed record ProfileStatus
{
    public required string ProfileId { get; init; }

    public required string Provider { get; init; }

    public required CredentialType Type { get; init; }

    public required ExpiryState Expiry { get; init; }

    /// <summary>Null if it does not expire.</summary>
    public required DateTimeOffset? Expires { get; init; }

    /// <summary><c>store</c>, <c>claude-cli</c> or <c>codex-cli</c>.</summary>
    public required string Source { get; init; }

    /// <summary>For people, such as <c>anthropic:work (me@example.com)</c>.</summary>
    public required string Label { get; init; }

    public required ProfileHealth Health { get; init; }

    /// <summary>The upstream that it belongs to; null if ClawGrpc never sends it.</summary>
    public required string? Origin { get; init; }

    /// <summary>As upstream last stated them.</summary>
    public required ImmutableArray<RateLimitWindow> RateLimits { get; init; }

    /// <summary>The secret as it may be shown; empty for a login.</summary>
    public required string Mask { get; init; }

    /// <summary>Its place in the explicit order of its provider, from 1; 0 without one.</summary>
    public required int OrderPosition { get; init; }

    /// <summary>Since the server started; null if the profile has served nothing.</summary>
    public required UsageSum? Usage { get; init; }
}

/// <summary>The worst expiry of a provider's profiles.</summary>
/// <param name="Provider">The provider.</param>
/// <param name="Expiry">The worst of its tokens and OAuth logins.</param>
/// <param name="Expires">The earliest; null if none expires.</param>
internal sealed record ProviderExpiry(string Provider, ExpiryState Expiry, DateTimeOffset? Expires);

/// <summary>How a profile authenticates.</summary>
internal enum CredentialType
{
    ApiKey,
    Token,
    Oauth,
}
