using System.Net.Sockets;
using System.Security.Authentication;
using ClawGrpc.Client;
using Grpc.Core;

namespace ClawGrpc.Cli.Rendering;

/// <summary>What is wrong when something else than a ClawGrpc server answers, or nothing does: one sentence, and one with the
/// way out.</summary>
internal static class WrongServer
{
    private const string WebServer =
        "It answers as a web server does, and not as ClawGrpc. claw calls the address of clawgrpc --listen, not that of --http.";

    private const string NoAnswerOfGrpc = "Bad gRPC response.";

    // The codes of RFC 9113, section 7.
    private const long ProtocolError = 0x1;
    private const long FrameSizeError = 0x6;
    private const long Http11Required = 0xd;

    /// <summary>The text; null if the exception says nothing of that kind.</summary>
    /// <param name="exception">The exception that the call threw.</param>
    /// <param name="endpoint">The server that was called.</param>
    public static string? Of(RpcException exception, ClawGrpcEndpoint endpoint)
    {
        var causes = Causes(exception.Status.DebugException).ToList();
        if (causes.OfType<SocketException>().LastOrDefault() is { } socket)
            return OfSocket(socket.SocketErrorCode, endpoint);
        if (exception.Status.Detail.StartsWith(NoAnswerOfGrpc, StringComparison.Ordinal))
            return $"There is no ClawGrpc server at {endpoint}. {WebServer}";
        if (causes.Exists(cause => cause is TimeoutException))
        {
            return $"{endpoint} does not answer. Is that a ClawGrpc server, is the address right, and does no firewall stand "
                + "between?";
        }

        var (secure, problem) = (endpoint.Address.Scheme == Uri.UriSchemeHttps, causes.OfType<HttpRequestException>()
            .LastOrDefault()?.HttpRequestError);
        return problem switch
        {
            // The connection was closed while the request was written.
            _ when causes.Exists(cause => cause is ObjectDisposedException) => Closed(endpoint),
            HttpRequestError.SecureConnectionError => OfTls(causes, endpoint),
            HttpRequestError.HttpProtocolError when CodeOf(causes) == Http11Required =>
                $"There is no ClawGrpc server at {endpoint}. {WebServer}",
            HttpRequestError.HttpProtocolError when CodeOf(causes) is ProtocolError or FrameSizeError =>
                $"There is no ClawGrpc server at {endpoint}. Something else is there.",
            HttpRequestError.InvalidResponse when endpoint.SocketPath is null && !secure =>
                $"There is no ClawGrpc server at {endpoint}, or it takes TLS only: https://{endpoint.Address.Authority}",
            HttpRequestError.InvalidResponse => $"There is no ClawGrpc server at {endpoint}. Something else is there.",
            _ => null,
        };
    }

    /// <summary>The text of a connection that was closed at the other end: by a server that stops, or by another program that
    /// does not understand the call.</summary>
    public static string Closed(ClawGrpcEndpoint endpoint)
    {
        var isPlainPort = endpoint.SocketPath is null && endpoint.Address.Scheme == Uri.UriSchemeHttp;
        var tls = isPlainPort ? $" One that takes TLS is called by https://{endpoint.Address.Authority}" : "";
        return $"The connection to {endpoint} broke: it was closed there. Is that a ClawGrpc server, and does it run?{tls}";
    }

    private static string? OfSocket(SocketError error, ClawGrpcEndpoint endpoint) => error switch
    {
        SocketError.ConnectionRefused or SocketError.AddressNotAvailable => endpoint.SocketPath is { } path
            ? OfPath(path) ?? $"No ClawGrpc server at {endpoint}. {HowToStart(endpoint)}"
            : $"No ClawGrpc server at {endpoint}. {HowToStart(endpoint)}",
        SocketError.HostNotFound =>
            $"No ClawGrpc server at {endpoint}: there is no host of this name. Is the address right?",
        SocketError.AccessDenied when endpoint.SocketPath is not null =>
            $"The socket of {endpoint} is closed to you. The server opens it to others with --socket-mode and --socket-group.",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => Closed(endpoint),
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.TimedOut =>
            $"{endpoint} cannot be reached from here. Is the address right, and the network up?",
        _ => null,
    };

    // Null if there is nothing, or a socket.
    private static string? OfPath(string path)
    {
        if (Directory.Exists(path))
            return $"{path} is a folder, not a socket. Did you mean unix:{path}/clawgrpc.sock?";
        var isFile = File.Exists(path) && (File.GetAttributes(path) & FileAttributes.Normal) != 0;
        return isFile && new FileInfo(path).Length > 0
            ? $"{path} is a file, not a socket. The socket of a server is clawgrpc.sock in its state folder."
            : null;
    }

    private static string HowToStart(ClawGrpcEndpoint endpoint)
    {
        if (endpoint.SocketPath is null && !endpoint.Address.IsLoopback)
            return "Is the address right, and is it running?";
        if (Path.GetFileName(endpoint.SocketPath) != "clawgrpc.sock")
            return $"Start one: clawgrpc --listen {endpoint}";
        var folder = Path.GetDirectoryName(endpoint.SocketPath);
        return File.Exists(Path.Join(folder, "clawgrpc-replica"))
            ? "If a replica runs there, it waits for its database, and its log says so. "
                + $"Start one: clawgrpc --store postgres --state-dir {folder}"
            : $"Start one: clawgrpc --state-dir {folder}";
    }

    // .NET has no code for these: a certificate that is not accepted is told from what is not TLS by the words.
    private static string OfTls(List<Exception> causes, ClawGrpcEndpoint endpoint)
    {
        var text = causes[^1].Message;
        if (text.Contains("no application protocol", StringComparison.Ordinal))
            return $"There is no ClawGrpc server at {endpoint}. {WebServer}";
        if (text.Contains("certificate", StringComparison.OrdinalIgnoreCase))
            return $"The certificate of {endpoint} is not accepted: {text.TrimEnd('.')}. --ca FILE names the CA to trust.";
        if (!causes.Exists(cause => cause is AuthenticationException) || !text.Contains("frame", StringComparison.Ordinal))
            return $"No TLS connection to {endpoint}: {text}";
        var plain = endpoint.Address.IsLoopback ? $"Call http://{endpoint.Address.Authority}" : "Is the port right?";
        return $"What listens at {endpoint} does not speak TLS. {plain}";
    }

    private static long? CodeOf(List<Exception> causes) => causes.OfType<HttpProtocolException>().LastOrDefault()?.ErrorCode;

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            yield return exception;
    }
}
