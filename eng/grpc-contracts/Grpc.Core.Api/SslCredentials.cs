using Grpc.Core.Utils;

namespace Grpc.Core;

/// <summary>TLS.</summary>
public sealed class SslCredentials : ChannelCredentials
{
    private readonly VerifyPeerCallback? _verifyPeer;

    /// <summary>With the system's trust.</summary>
    public SslCredentials() : this(null, null, null) { }

    /// <summary>Trusting PEM root certificates.</summary>
    public SslCredentials(string? rootCertificates) : this(rootCertificates, null, null) { }

    /// <summary>Trusting PEM root certificates and showing a certificate.</summary>
    public SslCredentials(string? rootCertificates, KeyCertificatePair? keyCertificatePair)
        : this(rootCertificates, keyCertificatePair, null) { }

    /// <summary>Trusting PEM root certificates, showing a certificate, and looking at the peer's.</summary>
    public SslCredentials(string? rootCertificates, KeyCertificatePair? keyCertificatePair, VerifyPeerCallback? verifyPeerCallback)
    {
        RootCertificates = rootCertificates;
        KeyCertificatePair = keyCertificatePair;
        _verifyPeer = verifyPeerCallback;
    }

    /// <summary>PEM root certificates, or null for the system's.</summary>
    public string? RootCertificates { get; }

    /// <summary>The client's certificate, or null.</summary>
    public KeyCertificatePair? KeyCertificatePair { get; }

    /// <inheritdoc />
    public override void InternalPopulateConfiguration(ChannelCredentialsConfiguratorBase configurator, object? state) =>
        configurator.SetSslCredentials(state, RootCertificates, KeyCertificatePair, _verifyPeer);

    internal override bool IsComposable => true;
}

/// <summary>A certificate chain with its private key, both PEM.</summary>
public sealed class KeyCertificatePair
{
    /// <summary>From PEM texts.</summary>
    public KeyCertificatePair(string certificateChain, string privateKey)
    {
        CertificateChain = GrpcPreconditions.CheckNotNull(certificateChain, nameof(certificateChain));
        PrivateKey = GrpcPreconditions.CheckNotNull(privateKey, nameof(privateKey));
    }

    /// <summary>The chain, PEM.</summary>
    public string CertificateChain { get; }

    /// <summary>The key, PEM.</summary>
    public string PrivateKey { get; }
}

/// <summary>Whether a peer's certificate is acceptable.</summary>
public delegate bool VerifyPeerCallback(VerifyPeerContext context);

/// <summary>The peer whose certificate is looked at.</summary>
public class VerifyPeerContext
{
    internal VerifyPeerContext(string targetName, string peerPem)
    {
        TargetName = targetName;
        PeerPem = peerPem;
    }

    /// <summary>The name that was connected to.</summary>
    public string TargetName { get; }

    /// <summary>The peer's certificate, PEM.</summary>
    public string PeerPem { get; }
}
