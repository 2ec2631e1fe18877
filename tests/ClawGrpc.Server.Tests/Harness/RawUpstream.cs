using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A request as it came over a connection.</summary>
/// <param name="Number">Of all requests, from 1.</param>
/// <param name="OnConnection">Of those on its connection, from 1.</param>
/// <param name="Head">Request line and headers.</param>
/// <param name="Body">The body as text.</param>
/// <param name="Closed">Cancelled when the upstream closes.</param>
internal sealed record RawRequest(int Number, int OnConnection, string Head, string Body, CancellationToken Closed);

/// <summary>An upstream of bare bytes, for answers that no well-behaved server gives.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private const int MostKept = 100;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Func<RawRequest, NetworkStream, Task> _answer;
    private readonly Task _accepting;
    private int _requests;

    /// <param name="answer">
    /// Answers a request; returns when the connection is good for the next one, or throws to close it.
    /// </param>
    public RawUpstream(Func<RawRequest, NetworkStream, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string BaseUrl => $"http://{_listener.LocalEndpoint}";

    /// <summary>How many requests came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>An upstream that gives every request the same answer and closes the connection.</summary>
    public static RawUpstream Of(byte[] answer) => Of(_ => answer);

    /// <summary>An upstream that answers each request with some bytes and closes the connection.</summary>
    public static RawUpstream Of(Func<RawRequest, byte[]> answer) => new(async (request, stream) =>
    {
        await stream.WriteAsync(answer(request), request.Closed);
        stream.Socket.Shutdown(SocketShutdown.Send);

        // If it is closed while something is still to be read, what was written might be lost with it.
        var rest = new byte[1024];
        while (await stream.ReadAsync(rest, request.Closed) > 0)
        {
            // Nothing more is of interest.
        }
    });

    /// <summary>The bytes of an answer that ends with its connection.</summary>
    public static byte[] Answer(string head, byte[] body) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {head.ReplaceLineEndings("\r\n")}\r\nconnection: close\r\n\r\n"), .. body];

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));

                // Who measures memory opens ten thousands.
                if (connections.Count > MostKept)
                    connections.RemoveAll(static connection => connection.IsCompletedSuccessfully);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        using var closing = _closing.Token.Register(socket.Dispose);
        try
        {
            for (var number = 1; await ReadAsync(stream) is var (head, body); number++)
            {
                var request = new RawRequest(Interlocked.Increment(ref _requests), number, head, body, _closing.Token);
                await _answer(request, stream);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException
            or OperationCanceledException)
        {
            // The connection is closed.
        }
    }

    // Null at the end of the connection.
    private static async Task<(string Head, string Body)?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
                return null;
            head.Append((char)one[0]);
        }

        var length = head.ToString().Split("\r\n")
            .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture))
            .FirstOrDefault(0);
        var body = new byte[length];
        await stream.ReadExactlyAsync(body);
        return (head.ToString(), Encoding.UTF8.GetString(body));
    }
}
