using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace ClawGrpc.Server.Tests.Malformed;

/// <summary>
/// An upstream below HTTP: it reads a request, answers with whatever bytes it is told to, and closes. Which bytes those are,
/// the prompt says: it names a seed, so that every answer can be had again.
/// </summary>
internal sealed partial class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, byte[]> _answer;
    private readonly Task _accepting;

    public RawUpstream(Func<int, byte[]> answer)
    {
        _answer = answer;
        _listener.Start(1000);
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public static string Prompt(int seed) => $"seed-{seed};";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                await stream.WriteAsync(_answer(await ReadSeedAsync(stream)), _stop.Token);
                client.Client.Shutdown(SocketShutdown.Send);

                // Closed while something is still to be read, what was written might be lost with it.
                var rest = new byte[1024];
                while (await stream.ReadAsync(rest, _stop.Token) > 0)
                {
                    // Nothing more is of interest.
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The client left first.
            }
        }
    }

    // A prompt that is seen is a request that is whole enough.
    private async Task<int> ReadSeedAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (await stream.ReadAsync(buffer, _stop.Token) is > 0 and var length)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, length));
            if (Seed().Match($"{text}") is { Success: true } seed && text[^1] == '}')
                return int.Parse(seed.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        }

        throw new IOException("No request came.");
    }

    [GeneratedRegex("seed-([0-9]+);")]
    private static partial Regex Seed();
}
