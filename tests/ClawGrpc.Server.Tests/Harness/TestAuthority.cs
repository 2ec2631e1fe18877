using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>What a certificate of a test says; right for a client unless changed.</summary>
internal sealed record CertificateShape
{
    public string CommonName { get; init; } = "test";

    public string[] Dns { get; init; } = [];

    public string[] Uris { get; init; } = [];

    public bool IsAuthority { get; init; }

    /// <summary>Further extensions.</summary>
    public X509Extension[] More { get; init; } = [];

    public X509KeyUsageFlags? KeyUsage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    public string[]? Purposes { get; init; } = [TestAuthority.ForClients];

    public DateTimeOffset NotBefore { get; init; } = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset NotAfter { get; init; } = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
}

/// <summary>A certificate authority of a test's own, with keys that are made for it.</summary>
internal sealed class TestAuthority
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1";
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
        : this(SelfSigned(name))
    {
    }

    private TestAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>The SHA-1 of the certificate.</summary>
    public string Thumbprint => _certificate.Thumbprint;

    public X509Certificate2 Certificate => _certificate;

    /// <summary>The certificate for a file.</summary>
    public string Pem => $"{_certificate.ExportCertificatePem()}\n";

    /// <summary>A certificate with its key.</summary>
    public X509Certificate2 Issue(CertificateShape shape)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = RequestOf(shape, key);
        using var issued = request.Create(
            _certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_certificate.GetECDsaPrivateKey()!), shape.NotBefore,
            shape.NotAfter, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>An authority that this one has signed.</summary>
    public TestAuthority Below(string name) => new(Issue(AuthorityShape(name)));

    /// <summary>One that signs without being an authority.</summary>
    public TestAuthority ByLeaf(CertificateShape shape) => new(Issue(shape));

    /// <summary>A certificate for the server, by default that of localhost.</summary>
    public X509Certificate2 IssueForServer(params string[] names) => Issue(
        new CertificateShape { Dns = names.Length > 0 ? names : ["localhost"], Purposes = [ForServers] });

    private static CertificateShape AuthorityShape(string name) => new()
    {
        CommonName = name,
        IsAuthority = true,
        KeyUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign,
        Purposes = null,
    };

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var shape = AuthorityShape(name);
        return RequestOf(shape, key).CreateSelfSigned(shape.NotBefore, shape.NotAfter);
    }

    private static CertificateRequest RequestOf(CertificateShape shape, ECDsa key)
    {
        var request = new CertificateRequest($"CN={shape.CommonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(shape.IsAuthority, false, 0, true));
        if (shape.KeyUsage is { } usage)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        if (shape.Purposes is { } purposes)
        {
            request.CertificateExtensions.Add(
                new X509EnhancedKeyUsageExtension([.. purposes.Select(each => new Oid(each))], false));
        }

        if (shape.Dns.Length + shape.Uris.Length > 0)
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", NamesOf(shape), false));
        foreach (var extension in shape.More)
            request.CertificateExtensions.Add(extension);
        return request;
    }

    // As they stand: the runtime's builder would mend URIs.
    private static byte[] NamesOf(CertificateShape shape)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (tag, name) in shape.Dns.Select(each => (2, each)).Concat(shape.Uris.Select(each => (6, each))))
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, tag));
        }

        return writer.Encode();
    }
}
