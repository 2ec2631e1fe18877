using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ClawGrpc.Client;

/// <summary>TLS with an own CA or a client certificate. The files are read for each connection, so that what was renewed is taken
/// up without a restart.</summary>
internal sealed record Tls(string? CaFile, string? CertificateFile, string? KeyFile)
{
    /// <summary>The files of the options and the environment; null if there are none.</summary>
    /// <exception cref="InvalidOperationException">
    /// There is a certificate without a key, or a key without a certificate.
    /// </exception>
    public static Tls? Find(ClawGrpcOptions options)
    {
        var ca = Given(options.CaFile) ?? options.Variable(ClawGrpcOptions.CaFileVariable);
        var certificate = Given(options.CertificateFile) ?? options.Variable(ClawGrpcOptions.CertificateFileVariable);
        var key = Given(options.KeyFile) ?? options.Variable(ClawGrpcOptions.KeyFileVariable);
        if (certificate is null != key is null)
        {
            throw new InvalidOperationException(
                "A client certificate takes two files: name the certificate "
                + $"({ClawGrpcOptions.CertificateFileVariable}) and its key ({ClawGrpcOptions.KeyFileVariable}).");
        }

        return ca is null && certificate is null ? null : new Tls(ca, certificate, key);
    }

    /// <summary>Connects and shakes hands.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var options = Options(context.InitialRequestMessage.RequestUri!.IdnHost);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(options, cancellation);
            return stream;
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(string host)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        };
        if (CaFile is not null)
        {
            // As by default, except for the roots.
            var policy = new X509ChainPolicy
            {
                RevocationMode = X509RevocationMode.NoCheck,
                TrustMode = X509ChainTrustMode.CustomRootTrust,
            };
            policy.CustomTrustStore.AddRange(Read(CaFile, X509Certificates));
            options.CertificateChainPolicy = policy;
        }

        if (CertificateFile is not null)
        {
            var own = Read(CertificateFile, path => X509Certificate2.CreateFromPemFile(path, KeyFile));
            var others = Read(CertificateFile, X509Certificates);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(own, others, offline: true);
        }

        return options;
    }

    private static X509Certificate2Collection X509Certificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("There is no PEM certificate in it.");
    }

    private static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new AuthenticationException($"{path} cannot be used for TLS: {exception.Message}");
        }
    }

    private static string? Given(string? path) => string.IsNullOrWhiteSpace(path) ? null : path;
}
