using System.Net;
using ClawGrpc.Server.Access;
using ClawGrpc.Server.Http;
using ClawGrpc.Server.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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

    private static void Open(
        KestrelServerOptions kestrel, ListenAddress address, Listening listening, Action<ListenOptions> configure)
    {
        switch (address)
        {
            case ListenAddress.UnixSocket socket:
                kestrel.ListenUnixSocket(socket.Path, options =>
                {
                    options.Use(LastShown.Keep);
                    configure(options);
                    options.Use(PeerCredentials.Read);
                });
                break;
            case ListenAddress.Loopback tcp:
                kestrel.Listen(new IPEndPoint(tcp.Address, tcp.Port), options =>
                {
                    options.Use(LastShown.Keep);
                    configure(options);
                    if (listening.InsecureLoopback)
                        options.Use(LoopbackHandler.Open);
                });
                break;
            case ListenAddress.Tls tls:
                kestrel.Listen(new IPEndPoint(tls.Address, tls.Port), options =>
                {
                    options.Use(LastShown.Keep);
                    configure(options);
                    options.UseHttps(kestrel.ApplicationServices.GetRequiredService<Handshakes>().Options);
                    options.Use(kestrel.ApplicationServices.GetRequiredService<CertificateConnections>().Note);
                });
                break;
        }
    }
}
