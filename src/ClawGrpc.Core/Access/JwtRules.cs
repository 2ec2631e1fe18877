using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>What a signed token says, whoever signed it.</summary>
/// <param name="Algorithm">Its <c>alg</c>.</param>
/// <param name="Issuer">Its <c>iss</c>; empty if it has none.</param>
/// <param name="Subject">Its <c>sub</c>; empty if it has none.</param>
/// <param name="Audiences">Its <c>aud</c>.</param>
internal sealed record JwtFacts(string Algorithm, string Issuer, string Subject, ImmutableArray<string> Audiences)
{
    /// <summary>Its <c>kid</c>; null if it has none.</summary>
    public string? KeyId { get; init; }

    /// <summary>Its claims that are text.</summary>
    public ImmutableDictionary<string, string> Claims { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Its <c>iat</c>; null if it has none.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>Its <c>nbf</c>; null if it has none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Its <c>exp</c>; null if it has none.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether its header names extensions that must be understood.</summary>
    public bool HasCritical { get; init; }
}

/// <summary>Which signed tokens can be the proof of a client. That the signature is right is another matter.</summary>
internal static class JwtRules
{
    /// <summary>The longest token.</summary>
    public const int LongestToken = 16 * 1024;

    /// <summary>How far the clocks of issuer and server may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>Half a sentence on why a token can be no proof, for the log alone; null if it can.</summary>
    public static string? ProblemOf(JwtFacts token, JwtIssuer issuer, DateTimeOffset now)
    {
        if (token.Issuer != issuer.Name)
            return "its issuer (iss) is another one";
        if (!issuer.Algorithms.Contains(token.Algorithm) || !JwtIssuer.PublicKeyAlgorithms.Contains(token.Algorithm))
            return "its algorithm (alg) is not one of the issuer's";
        if (token.HasCritical)
            return "its header has extensions (crit)";
        if (issuer.Audience.Length == 0 || !token.Audiences.Contains(issuer.Audience))
            return $"it is not for the audience (aud) {issuer.Audience}";
        if (token.Subject.Length == 0)
            return "it has no subject (sub)";
        if (token.Expires is not { } end)
            return "it has no end (exp)";
        if (now - ClockSkew >= end)
            return "it has expired";
        if (token.NotBefore > now + ClockSkew || token.IssuedAt > now + ClockSkew)
            return "it is not valid yet (nbf, iat)";
        return end - (token.IssuedAt ?? now) > issuer.MaxLife + (token.IssuedAt is null ? ClockSkew : TimeSpan.Zero)
            ? $"it is valid for longer than the {issuer.MaxLife.TotalMinutes:0} minutes that are taken"
            : null;
    }
}
