using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>Who may sign tokens that lead to clients.</summary>
/// <param name="Name">The <c>iss</c> of its tokens, exactly.</param>
/// <param name="Audience">What must be among the <c>aud</c> of a token, so that no token for another service is taken.</param>
/// <param name="Keys">Its JWKS: a file, or an <c>https://</c> URL.</param>
internal sealed record JwtIssuer(string Name, string Audience, string Keys)
{
    /// <summary>The algorithms of which a public key verifies a signature.</summary>
    public static readonly ImmutableArray<string> PublicKeyAlgorithms =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>The file of the authorities for the URL; null for those of the system.</summary>
    public string? KeysCa { get; init; }

    /// <summary>Those that its tokens may be signed with.</summary>
    public ImmutableArray<string> Algorithms { get; init; } = PublicKeyAlgorithms;

    /// <summary>The longest time from a token's making to its end.</summary>
    public TimeSpan MaxLife { get; init; } = TimeSpan.FromHours(1);
}
