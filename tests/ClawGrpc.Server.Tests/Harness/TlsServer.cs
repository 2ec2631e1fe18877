using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Server.Hosting;
using Grpc.Net.Client;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A server with TLS on a free port, beside its Unix socket; its files are made by the test's own authorities.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly List<GrpcChannel> _channels = [];

    private TlsServer(ServerFixture fixture) => Fixture = fixture;

    public ServerFixture Fixture { get; }

    public TestAuthority ServerAuthority { get; } = new("server authority");

    public TestAuthority ClientAuthority { get; } = new("client authority");

    /// <summary>The authority of the trust domain <c>td.example</c>, if the server is started with it.</summary>
    public TestAuthority DomainAuthority { get; } = new("td.example");

    /// <summary>The authority of <c>other.example</c>, likewise.</summary>
    public TestAuthority OtherAuthority { get; } = new("other.example");

    public string DomainPath => Fixture.Files["td.pem"];

    public string CertPath => Fixture.Files["tls.pem"];

    public string KeyPath => Fixture.Files["tls.key"];

    public string ClientCaPath => Fixture.Files["client-ca.pem"];

    /// <summary>Starts a server.</summary>
    /// <param name="more">Members of the configuration's <c>clawgrpc</c>, as JSON5.</param>
    /// <param name="files">Writes further files before the start.</param>
    /// <param name="withClientCa">Whether the command line names the authorities of clients.</param>
    /// <param name="top">Further members of the configuration, as JSON5. UPSTREAM stands for the sandbox's URL.</param>
    /// <param name="overHttp">Whether the port serves the Messages API and not gRPC.</param>
    public static async Task<TlsServer> StartAsync(
        string more = "", Func<TlsServer, Task>? files = null, bool withClientCa = true, string top = "",
        bool overHttp = false)
    {
        var server = new TlsServer(await ServerFixture.PrepareAsync());
        var fixture = server.Fixture;
        await server.ShowAsync(server.ServerAuthority.IssueForServer());
        await File.WriteAllTextAsync(server.ClientCaPath, server.ClientAuthority.Pem);
        if (files is not null)
            await files(server);
        var url = fixture.Sandbox.BaseUrl;
        await fixture.Files.ConfigureAsync(
            url, $"clawgrpc: {{ {more} }}, {top}".Replace("UPSTREAM", url, StringComparison.Ordinal));
        ListenAddress https = new ListenAddress.Tls("127.0.0.1", IPAddress.Loopback, 0);
        fixture.Listen = usual => usual with
        {
            Addresses = overHttp ? usual.Addresses : [.. usual.Addresses, https],
            Http = overHttp ? [https] : [],
            Tls = new TlsConfiguration(server.CertPath, server.KeyPath, withClientCa ? server.ClientCaPath : null),
        };
        await fixture.StartServerAsync();
        return server;
    }

    /// <summary>Starts a server that knows two trust domains.</summary>
    public static Task<TlsServer> StartWithDomainsAsync() => StartAsync(
        "trustDomains: { 'td.example': 'td.pem', 'other.example': 'other.pem' }",
        async server =>
        {
            await File.WriteAllTextAsync(server.DomainPath, server.DomainAuthority.Pem);
            await File.WriteAllTextAsync(server.Fixture.Files["other.pem"], server.OtherAuthority.Pem);
        });

    /// <summary>Writes the files of the certificate that the server shows.</summary>
    public async Task ShowAsync(X509Certificate2 certificate)
    {
        await File.WriteAllTextAsync(CertPath, $"{certificate.ExportCertificatePem()}\n{ServerAuthority.Pem}");
        await File.WriteAllTextAsync(KeyPath, $"{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n");
        File.SetUnixFileMode(KeyPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>A channel to the server's port, as a client that trusts its authority alone.</summary>
    /// <param name="shown">The certificate that the client shows; null: none.</param>
    /// <param name="host">The host that it calls.</param>
    /// <param name="between">
    /// A certificate between its own and its authority, which it sends along; null if there is none.
    /// </param>
    /// <param name="onConnect">Called for each connection.</param>
    /// <param name="from">The address that it calls from; null for any.</param>
    public GrpcChannel Connect(
        X509Certificate2? shown = null, string host = "localhost", X509Certificate2? between = null, Action? onConnect = null,
        IPAddress? from = null)
    {
        var channel = GrpcChannel.ForAddress($"https://{host}", new GrpcChannelOptions
        {
            HttpHandler = NewHandler(shown, between, onConnect, from),
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>A handler for such connections.</summary>
    public SocketsHttpHandler NewHandler(
        X509Certificate2? shown = null, X509Certificate2? between = null, Action? onConnect = null,
        IPAddress? from = null) => new()
        {
            ConnectCallback = async (_, cancellation) =>
            {
                onConnect?.Invoke();
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                if (from is not null)
                    socket.Bind(new IPEndPoint(from.MapToIPv6(), 0));
                await socket.ConnectAsync("127.0.0.1", Fixture.BoundTo("https").Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, certificate, chain, _) => IsOfServer(certificate, chain),
                ClientCertificateContext = shown is null ? null : SslStreamCertificateContext.Create(
                    shown, between is null ? [] : [between], offline: true),
            },
        };

    /// <summary>The client that has this certificate name, with these scopes.</summary>
    public async Task BindAsync(string client, string name, params V1.Scope[] scopes)
    {
        var added = new V1.Client { Name = client, Bindings = { new V1.ClientBinding { Certificate = name } }, Agents = { "*" } };
        added.Scopes.AddRange(scopes.Length > 0 ? scopes : [V1.Scope.Status]);
        await Fixture.Access.AddClientAsync(new V1.AddClientRequest { Client = added });
    }

    /// <summary>Lets the server look at its files.</summary>
    public void Look() => Fixture.Time.Advance(TimeSpan.FromMilliseconds(500));

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        await Fixture.DisposeAsync();
    }

    private bool IsOfServer(X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is null || chain is null)
            return false;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ServerAuthority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build((X509Certificate2)certificate);
    }
}
