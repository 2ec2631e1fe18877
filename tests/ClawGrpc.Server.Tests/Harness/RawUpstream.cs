using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A request as it came over a connection.</summary>
/// <param name="Number">Of all requests, from 1.</param>
/// <param name="OnConnection">Of those on its connection, from 1.</param>
/// <param name="Head">Request line and headers.</param>
internal sealed record RawRequest(int Number, int OnConnection, string Head);

/// <summary>An upstream of bare bytes, for answers that no well-behaved server gives.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Func<RawRequest, NetworkStream, Task> _answer;
    private readonly Task _accepting;
    private int _requests;

    /// <param name="answer">Answers a request; returns when the connection is good for the next one, or throws to close it.</param>
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
    public static RawUpstream Of(byte[] answer) => new(async (_, stream) =>
    {
        await stream.WriteAsync(answer);
        throw new IOException("The answer was given.");
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
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
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
            for (var number = 1; await ReadAsync(stream) is { } head; number++)
                await _answer(new RawRequest(Interlocked.Increment(ref _requests), number, head), stream);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The connection is closed.
        }
    }

    // Null at the end of the connection. The body is read and dropped.
    private static async Task<string?> ReadAsync(NetworkStream stream)
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
        await stream.ReadExactlyAsync(new byte[length]);
        return head.ToString();
    }
}
