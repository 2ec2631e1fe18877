using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Client;

/// <summary>Creates gRPC channels to a ClawGrpc server, for the generated clients.</summary>
public static class ClawGrpcChannel
{
    /// <summary>The largest message that the channel sends or receives, in bytes: 36 MB, enough for Anthropic's 32 MB and an
    /// envelope.</summary>
    public const int MaxMessageBytes = 36 * 1024 * 1024;

    // Of a connection, and of the first bytes of the server.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Creates a channel to the endpoint that <see cref="ClawGrpcEndpoint.Resolve"/> finds. It connects with the first
    /// call.</summary>
    /// <param name="endpoint"><c>unix:PATH</c>, <c>http://…</c> or <c>https://…</c>; null or blank for the one of the
    /// options, else of the environment.</param>
    /// <param name="options">How to show who calls, and whom to trust; null for what the environment says.</param>
    /// <exception cref="FormatException">The text, or the environment variable, is not an endpoint.</exception>
    /// <exception cref="InvalidOperationException">As of the other overload.</exception>
    public static GrpcChannel Create(string? endpoint = null, ClawGrpcOptions? options = null) =>
        Create(
            ClawGrpcEndpoint.Resolve(string.IsNullOrWhiteSpace(endpoint) ? options?.Endpoint : endpoint, options?.Environment),
            options);

    /// <summary>Creates a channel to an endpoint. It connects with the first call. If there is a token, every call shows
    /// it.</summary>
    /// <remarks>The token is that of the options, else of <c>CLAWGRPC_TOKEN_FILE</c>, else of <c>CLAWGRPC_TOKEN</c>; else, for a
    /// loopback address without TLS alone, that of the file <c>admin-token</c> in the state folder.</remarks>
    /// <param name="endpoint">Where the server listens.</param>
    /// <param name="options">How to show who calls, and whom to trust; null for what the environment says.</param>
    /// <exception cref="InvalidOperationException">There is a token, and the endpoint is neither of this machine nor
    /// <c>https://</c>; or a client certificate lacks its key.</exception>
    public static GrpcChannel Create(ClawGrpcEndpoint endpoint, ClawGrpcOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        options ??= new ClawGrpcOptions();
        var token = TokenSource.Find(options, endpoint);
        if (token is not null && !endpoint.MayCarrySecrets)
        {
            throw new InvalidOperationException(
                $"Refused to show the token of {token.Origin} to {endpoint}: without TLS everybody on the way could read it. "
                + $"Call https://{endpoint.Address.Authority}, or call without a token.");
        }

        return GrpcChannel.ForAddress(endpoint.Address, new GrpcChannelOptions
        {
            HttpHandler = HandlerFor(endpoint, options),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
            Credentials = CredentialsFor(endpoint, token),

            // What is not TLS is this machine: see above.
            UnsafeUseInsecureChannelCallCredentials = true,
        });
    }

    private static SocketsHttpHandler HandlerFor(ClawGrpcEndpoint endpoint, ClawGrpcOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            // When the peer vanishes (a suspended host, a cut network), calls in flight fail within half a minute.
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,

            // Something may accept connections and say nothing, before TLS or after it.
            ConnectTimeout = Patience,
            PlaintextStreamFilter = static (context, _) => ValueTask.FromResult<Stream>(
                new AnsweredStream(context.PlaintextStream, Patience, TimeProvider.System)),

            // Nobody but the endpoint gets the token.
            AllowAutoRedirect = false,
            UseProxy = endpoint.HasTls,
        };
        if (endpoint.SocketPath is { } path)
        {
            handler.ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation);
        }
        else if (endpoint.HasTls && Tls.Find(options) is { } tls)
        {
            handler.UseProxy = false;
            handler.ConnectCallback = tls.ConnectAsync;
        }

        return handler;
    }

    private static ChannelCredentials CredentialsFor(ClawGrpcEndpoint endpoint, TokenSource? token)
    {
        var connection = endpoint.HasTls ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure;
        if (token is null)
            return connection;
        return ChannelCredentials.Create(connection, CallCredentials.FromInterceptor((_, metadata) =>
        {
            metadata.Add("authorization", $"Bearer {token.Read()}");
            return Task.CompletedTask;
        }));
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
