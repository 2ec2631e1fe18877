using System.Net.Sockets;
using Grpc.Net.Client;

namespace ClawGrpc.Client;

/// <summary>Makes channels to a ClawGrpc server; the generated clients take it from there.</summary>
public static class ClawGrpcChannel
{
    /// <summary>The largest message either way, in bytes: 36 MB, room for Anthropic's 32 MB in an envelope.</summary>
    public const int MaxMessageBytes = 36 * 1024 * 1024;

    /// <summary>A channel to the endpoint that <see cref="ClawGrpcEndpoint.Resolve"/> finds. It connects with the first call.</summary>
    /// <param name="endpoint"><c>unix:PATH</c>, <c>http://…</c> or <c>https://…</c>; null or blank: from the environment.</param>
    /// <exception cref="FormatException">The endpoint cannot be read.</exception>
    public static GrpcChannel Create(string? endpoint = null) => Create(ClawGrpcEndpoint.Resolve(endpoint));

    /// <summary>A channel to an endpoint. It connects with the first call.</summary>
    /// <param name="endpoint">Where the server listens.</param>
    /// <param name="configure">Changes the handler that sends the requests, for callers with certificates of their own; null: nothing.</param>
    public static GrpcChannel Create(ClawGrpcEndpoint endpoint, Action<SocketsHttpHandler>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var handler = new SocketsHttpHandler
        {
            // A server that is gone without a word (a suspended host, a cut network) fails the calls under way within half a minute.
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
