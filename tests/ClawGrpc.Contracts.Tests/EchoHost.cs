using System.Net;
using System.Net.Sockets;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Contracts.Tests;

/// <summary>The echo service on a real Kestrel, by h2c over TCP and over a Unix socket.</summary>
public sealed class EchoHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly string _socket;

    private EchoHost(WebApplication app, string folder, string socket)
    {
        _app = app;
        _folder = folder;
        _socket = socket;
    }

    public ServerView View => _app.Services.GetRequiredService<ServerView>();

    public static async Task<EchoHost> Start(Action<GrpcServiceOptions>? options = null)
    {
        var folder = Directory.CreateTempSubdirectory("echo").FullName;
        var socket = Path.Combine(folder, "s");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null; // Kestrel's own limit of 30 MB would come before gRPC's.
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<ServerView>();
        builder.Services.AddGrpc(options ?? (_ => { }));
        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        return new EchoHost(app, folder, socket);
    }

    /// <summary>A channel over TCP.</summary>
    public GrpcChannel Tcp(GrpcChannelOptions? options = null)
    {
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
            .Addresses.First(candidate => !candidate.Contains("unix:", StringComparison.Ordinal));
        return GrpcChannel.ForAddress(address, options ?? new GrpcChannelOptions());
    }

    /// <summary>A channel over the Unix socket.</summary>
    public GrpcChannel Unix()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
