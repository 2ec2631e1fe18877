using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace ClawGrpc.Core.Access;

/// <summary>What a certificate claims, if whoever is named here has signed it.</summary>
/// <param name="TrustDomain">The SPIFFE trust domain whose authorities must have; null: those for plain certificates.</param>
/// <param name="Names">As bindings have them: <c>dns:NAME</c> and <c>uri:URI</c>.</param>
internal sealed record CertificateClaim(string? TrustDomain, ImmutableArray<string> Names);

/// <summary>Which certificates can be the proof of a client.</summary>
internal static class CertificateRules
{
    /// <summary>The purpose of a certificate that a client shows.</summary>
    public const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private const X509KeyUsageFlags SignsOthers = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;

    /// <summary>What a certificate claims.</summary>
    /// <param name="facts">What it says; null if it cannot be read.</param>
    /// <returns>The claim, or half a sentence on why it can be no proof, for the log alone.</returns>
    public static (CertificateClaim? Claim, string Why) ClaimOf(CertificateFacts? facts)
    {
        if (facts is null)
            return (null, "its extensions cannot be read");
        if (facts.IsAuthority)
            return (null, "it is that of an authority (CA)");
        if (facts.Purposes is { } purposes && !purposes.Contains(ClientPurpose))
            return (null, "its extended key usage lacks clientAuth");
        return facts.Uris.Any(SpiffeId.IsClaimedBy) ? Svid(facts) : Plain(facts);
    }

    // The other names of an SVID are not the trust domain's to give.
    private static (CertificateClaim?, string) Svid(CertificateFacts facts)
    {
        if (facts.Uris.Length != 1)
            return (null, "a certificate with a SPIFFE id has one URI and no other");
        var (id, why) = SpiffeId.Parse(facts.Uris[0]);
        if (id is null)
            return (null, why);
        if (id.Path.Length == 0)
            return (null, "its SPIFFE id is that of the trust domain itself, and not of a workload");
        if (facts.KeyUsage is not { } usage || !usage.HasFlag(X509KeyUsageFlags.DigitalSignature))
            return (null, "its key usage lacks digitalSignature");
        if ((usage & SignsOthers) != 0)
            return (null, "its key usage has keyCertSign or cRLSign");
        return (new CertificateClaim(id.TrustDomain, [$"uri:{id}"]), "");
    }

    private static (CertificateClaim?, string) Plain(CertificateFacts facts)
    {
        if (facts.KeyUsage is { } usage && !usage.HasFlag(X509KeyUsageFlags.DigitalSignature))
            return (null, "its key usage lacks digitalSignature");
        ImmutableArray<string> names =
            [.. facts.DnsNames.Select(name => $"dns:{name}"), .. facts.Uris.Select(uri => $"uri:{uri}")];
        return names.IsEmpty
            ? (null, "it has neither a DNS name nor a URI; the common name of its subject does not count")
            : (new CertificateClaim(null, names), "");
    }
}
