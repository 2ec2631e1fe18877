using System.Net.Sockets;
using Grpc.Net.Client;

namespace ClawGrpc.Client;

/// <summary>Creates gRPC channels to a ClawGrpc server, for the generated clients.</summary>
public static class ClawGrpcChannel
{
    /// <summary>The largest message that the channel sends or receives, in bytes: 36 MB, enough for Anthropic's 32 MB and an
    /// envelope.</summary>
    public const int MaxMessageBytes = 36 * 1024 * 1024;

    /// <summary>Creates a channel to the endpoint that <see cref="ClawGrpcEndpoint.Resolve"/> finds. It connects with the first
    /// call.</summary>
    /// <param name="endpoint"><c>unix:PATH</c>, <c>http://…</c> or <c>https://…</c>; null or blank for the one of the
    /// environment.</param>
    /// <exception cref="FormatException">The text, or the environment variable, is not an endpoint.</exception>
    public static GrpcChannel Create(string? endpoint = null) => Create(ClawGrpcEndpoint.Resolve(endpoint));

    /// <summary>Creates a channel to an endpoint. It connects with the first call.</summary>
    /// <param name="endpoint">Where the server listens.</param>
    /// <param name="configure">Changes the HTTP handler of the channel, for callers with certificates of their own; null to
    /// change nothing.</param>
    public static GrpcChannel Create(ClawGrpcEndpoint endpoint, Action<SocketsHttpHandler>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var handler = new SocketsHttpHandler
        {
            // When the peer vanishes (a suspended host, a cut network), calls in flight fail within half a minute.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
        };
        if (endpoint.SocketPath is { } path)
        {
            handler.UseProxy = false;
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation);
        }

        configure?.Invoke(handler);
        return GrpcChannel.ForAddress(endpoint.Address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
        });
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
