using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Server.Tls;

/// <summary>What handshakes need, as it was read at one moment.</summary>
/// <param name="Server">The certificate that the server shows; null if it has none.</param>
/// <param name="Authorities">
/// From each trust domain to its authorities; the empty name: those of certificates without a SPIFFE id.
/// </param>
internal sealed record TlsMaterial(
    ServerCertificate? Server, ImmutableDictionary<string, X509Certificate2Collection> Authorities)
{
    public static readonly TlsMaterial None = new(null, ImmutableDictionary<string, X509Certificate2Collection>.Empty);

    /// <summary>The authorities, as clients know them.</summary>
    public ImmutableHashSet<string> Trusted =>
    [
        .. Authorities.SelectMany(each => each.Value.Select(authority => TrustedParties.AuthorityOf(
            each.Key, authority.GetCertHashString(HashAlgorithmName.SHA256)))),
    ];
}

/// <summary>The certificate that the server shows.</summary>
/// <param name="Leaf">The certificate.</param>
/// <param name="Shown">With those between it and its authority.</param>
internal sealed record ServerCertificate(X509Certificate2 Leaf, SslStreamCertificateContext Shown)
{
    /// <summary>The names and addresses that it is for.</summary>
    public ImmutableArray<string> Names { get; } =
    [
        .. Leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(each => $"{each}"))),
    ];

    public DateTimeOffset NotAfter { get; } = new(Leaf.NotAfter.ToUniversalTime());
}
