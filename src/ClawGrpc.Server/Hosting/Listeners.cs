using System.Net;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Http;
using ClawGrpc.Server.Tls;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ClawGrpc.Server.Hosting;

/// <summary>What Kestrel listens on, and by which protocol.</summary>
internal static class Listeners
{
    public static void Open(KestrelServerOptions kestrel, Listening listening)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        kestrel.Limits.MaxConcurrentConnections = 10_000;

        // For all connections alike: Kestrel has no limit of one listener.
        kestrel.Limits.Http2.MaxStreamsPerConnection = listening.HasTls ? 100 : 1000;
        foreach (var address in listening.Addresses)
            Open(kestrel, address, listening, options => options.Protocols = HttpProtocols.Http2);

        // Without TLS, one port cannot serve HTTP/1.1 and HTTP/2.
        foreach (var address in listening.Http)
        {
            Open(kestrel, address, listening, options =>
            {
                options.Protocols = address is ListenAddress.Tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;
                options.Use(MessagesFace.Mark);
            });
        }
    }

    /// <summary>Where the server listens, with the ports that the system chose.</summary>
    public static IEnumerable<Listener> Opened(Listening listening, IServer server, TlsMaterial tls)
    {
        // The addresses are in the order in which they were bound.
        var bound = server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return listening.All.Zip(bound).Select((each, index) => Told(each.First, each.Second, index));

        Listener Told(ListenAddress address, string uri, int index) => new()
        {
            Address = address switch
            {
                ListenAddress.Tls { Host: var host } => $"https://{host}:{BindingAddress.Parse(uri).Port}",
                ListenAddress.Tcp { Address: var ip } => $"http://{new IPEndPoint(ip, BindingAddress.Parse(uri).Port)}",
                _ => address.ToString(),
            },
            Face = index < listening.Addresses.Count ? ListenerFace.Grpc : ListenerFace.Messages,
            CertificateExpireTime = address is ListenAddress.Tls && tls.Server is { NotAfter: var end }
                ? Timestamp.FromDateTimeOffset(end)
                : null,
        };
    }

    private static void Open(
        KestrelServerOptions kestrel, ListenAddress address, Listening listening, Action<ListenOptions> configure)
    {
        configure += static options => options.Use(LastShown.Keep);
        switch (address)
        {
            case ListenAddress.UnixSocket socket:
                kestrel.ListenUnixSocket(socket.Path, options =>
                {
                    configure(options);
                    options.Use(PeerCredentials.Read);
                });
                break;
            case ListenAddress.Loopback tcp:
                kestrel.Listen(new IPEndPoint(tcp.Address, tcp.Port), options =>
                {
                    configure(options);
                    if (listening.InsecureLoopback)
                        options.Use(LoopbackHandler.Open);
                });
                break;
            case ListenAddress.Tls tls:
                kestrel.Listen(new IPEndPoint(tls.Address, tls.Port), options =>
                {
                    // They need the clients, which may be in a database that is opened after this.
                    var services = kestrel.ApplicationServices;
                    configure(options);
                    options.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = context => services.GetRequiredService<Handshakes>().OptionsOf(context),
                    });
                    options.Use(next => services.GetRequiredService<CertificateConnections>().Note(next));
                });
                break;
        }
    }
}
