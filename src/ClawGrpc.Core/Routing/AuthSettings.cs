using System.Collections.Immutable;

namespace ClawGrpc.Core.Routing;

/// <summary>A profile as the configuration declares it (<c>auth.profiles.&lt;id&gt;</c>).</summary>
/// <param name="Provider">Must be the credential's provider.</param>
/// <param name="Mode"><c>api_key</c>, <c>token</c> or <c>oauth</c>; <c>oauth</c> accepts a token too.</param>
/// <param name="Email">For display only; null if there is none.</param>
internal sealed record DeclaredProfile(string Id, string Provider, string Mode, string? Email = null);

/// <summary>What selection takes from the configuration.</summary>
internal sealed record AuthSettings
{
    /// <summary>Nothing declared, nothing ordered.</summary>
    public static readonly AuthSettings None = new();

    /// <summary><c>auth.profiles</c>, in declaration order.</summary>
    public ImmutableArray<DeclaredProfile> Profiles { get; init; } = [];

    /// <summary><c>auth.order</c>: normalized provider to ids; an empty list means "no profiles".</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Order { get; init; } =
        ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Which kind of credential is tried first where there is no order.</summary>
    public CredentialRank Rank { get; init; } = CredentialRank.LoginsFirst;

    /// <summary>The upstream that requests go to; null if any profile may serve.</summary>
    public string? Origin { get; init; }

    /// <summary>Whether setup-tokens and OAuth logins may serve at all.</summary>
    public bool Subscriptions { get; init; } = true;
}
