using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Server.Tls;

/// <summary>
/// What became of the certificate that a client has shown: a feature of its connection. A handshake does not fail for it, since
/// the caller may have another proof, and since a refused call says more than a broken connection.
/// </summary>
/// <param name="Proof">Null if it proves nothing.</param>
/// <param name="Why">Why it proves nothing, for the log alone.</param>
internal sealed record ShownCertificate(Proof.Certificate? Proof, string Why)
{
    /// <summary>Looks at a certificate whose private key the handshake has proved.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="sent">What the client has sent along.</param>
    /// <param name="material">Whom to trust.</param>
    /// <param name="now">The time.</param>
    public static ShownCertificate Of(
        X509Certificate2 certificate, X509Certificate2Collection sent, TlsMaterial material, DateTimeOffset now)
    {
        var (claim, why) = CertificateRules.ClaimOf(CertificateFacts.Of(certificate));
        if (claim is null)
            return new ShownCertificate(null, why);
        if (!material.Authorities.TryGetValue(claim.TrustDomain ?? "", out var authorities))
        {
            return new ShownCertificate(null, claim.TrustDomain is { } domain
                ? $"no authorities are configured for the trust domain {domain}"
                : "no authorities are configured for certificates without a SPIFFE id");
        }

        using var chain = new X509Chain { ChainPolicy = PolicyOf(authorities, sent, now) };
        if (!chain.Build(certificate))
        {
            var problems = chain.ChainStatus.Select(status => status.Status).Distinct();
            return new ShownCertificate(null, $"its chain to an authority is refused ({string.Join(", ", problems)})");
        }

        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        return new ShownCertificate(
            new Proof.Certificate(claim.Names, HashOf(certificate), elements.Min(NotAfterOf))
            {
                Authority = TrustedParties.AuthorityOf(claim.TrustDomain, HashOf(elements[^1])),
            },
            "");
    }

    /// <summary>
    /// Nothing is fetched from addresses that a certificate names, and nothing but the given authorities is trusted.
    /// </summary>
    public static X509ChainPolicy PolicyOf(
        X509Certificate2Collection authorities, X509Certificate2Collection sent, DateTimeOffset now)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = now.LocalDateTime,
        };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ExtraStore.AddRange(sent);
        policy.ApplicationPolicy.Add(new Oid(CertificateRules.ClientPurpose));
        return policy;
    }

    private static string HashOf(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    private static DateTimeOffset NotAfterOf(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());
}
