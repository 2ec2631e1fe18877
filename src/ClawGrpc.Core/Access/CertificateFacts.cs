using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ClawGrpc.Core.Access;

/// <summary>What a certificate says of its holder. The common name of its subject is not read: it names nobody.</summary>
/// <param name="DnsNames">Those of the subject alternative name, in lower case.</param>
/// <param name="Uris">Those of the subject alternative name, as they stand.</param>
internal sealed record CertificateFacts(ImmutableArray<string> DnsNames, ImmutableArray<string> Uris)
{
    private const string AlternativeNames = "2.5.29.17";

    // GeneralName of RFC 5280.
    private static readonly Asn1Tag Dns = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>Whether it may sign others.</summary>
    public bool IsAuthority { get; init; }

    /// <summary>What its key is for; null if it does not say.</summary>
    public X509KeyUsageFlags? KeyUsage { get; init; }

    /// <summary>The OIDs of what it is for; null if it does not say.</summary>
    public ImmutableArray<string>? Purposes { get; init; }

    /// <summary>Reads a certificate; null if its extensions cannot be read, or if it has one twice.</summary>
    public static CertificateFacts? Of(X509Certificate2 certificate)
    {
        try
        {
            // The runtime reads some of them here already.
            var extensions = certificate.Extensions;
            if (extensions.Select(each => each.Oid?.Value).Distinct().Count() < extensions.Count)
                return null;
            var names = extensions.FirstOrDefault(each => each.Oid?.Value == AlternativeNames);
            var (dns, uris) = names is null ? ([], []) : NamesIn(names.RawData);
            return new CertificateFacts(dns, uris)
            {
                IsAuthority = extensions.OfType<X509BasicConstraintsExtension>().Any(each => each.CertificateAuthority),
                KeyUsage = extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages,
                Purposes = extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage
                    ? [.. usage.EnhancedKeyUsages.Cast<Oid>().Select(oid => oid.Value ?? "")]
                    : null,
            };
        }
        catch (Exception exception) when (exception is AsnContentException or CryptographicException)
        {
            return null;
        }
    }

    // The runtime's own reading of the extension leaves URIs out.
    private static (ImmutableArray<string> Dns, ImmutableArray<string> Uris) NamesIn(byte[] extension)
    {
        var (dns, uris) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>());
        var outer = new AsnReader(extension, AsnEncodingRules.DER);
        var names = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        while (names.HasData)
        {
            var tag = names.PeekTag();
            if (tag.HasSameClassAndValue(Dns))
                dns.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Dns).ToLowerInvariant());
            else if (tag.HasSameClassAndValue(Uri))
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
            else
                names.ReadEncodedValue();
        }

        return (dns.ToImmutable(), uris.ToImmutable());
    }
}
