using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ClawGrpc.Server.Tls;

/// <summary>What each handshake goes by: the files as they are at that moment.</summary>
internal sealed class Handshakes(TlsFiles files, TimeProvider time)
{
    public ValueTask<SslServerAuthenticationOptions> OptionsOf(TlsHandshakeCallbackContext context)
    {
        var (material, connection) = (files.Current, context.Connection);
        var now = time.GetUtcNow();
        return ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = material.Server!.Shown,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,

            // A resumed connection would bring along what its first one had shown.
            AllowTlsResume = false,
            AllowRenegotiation = false,

            // Asks for one; a caller with another proof has none.
            ClientCertificateRequired = !material.Authorities.IsEmpty,
            CertificateChainPolicy = ShownCertificate.PolicyOf([], [], now),
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => certificate is null
                || Note(connection, ShownCertificate.Of(
                    (X509Certificate2)certificate, chain?.ChainPolicy.ExtraStore ?? [], material, now)),
        });
    }

    private static bool Note(ConnectionContext connection, ShownCertificate shown)
    {
        connection.Features.Set(shown);
        return true;
    }
}
