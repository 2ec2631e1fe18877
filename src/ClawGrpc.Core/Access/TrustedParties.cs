using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>Who may vouch for clients at one moment. What they have vouched for counts no longer than they are in it.</summary>
/// <param name="Authorities">
/// Of certificates: the trust domain, or nothing for plain certificates, a colon, and the thumbprint of the authority.
/// </param>
/// <param name="Issuers">Of signed tokens: their <c>iss</c>.</param>
internal sealed record TrustedParties(ImmutableHashSet<string> Authorities, ImmutableHashSet<string> Issuers)
{
    public static readonly TrustedParties None = new([], []);

    /// <summary>An authority as it stands in <see cref="Authorities"/>.</summary>
    /// <param name="trustDomain">Null: for plain certificates.</param>
    /// <param name="thumbprint">The SHA-256 of its certificate, in hexadecimal digits.</param>
    public static string AuthorityOf(string? trustDomain, string thumbprint) => $"{trustDomain}:{thumbprint}";
}
