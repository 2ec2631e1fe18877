using System.Globalization;
using System.Text;
using ClawGrpc.Replay;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Malformed;

/// <summary>
/// Answers that no upstream should give, made of recorded ones: damaged inside, or put on the wire by somebody who has not
/// read the standard.
/// </summary>
internal static class MalformedAnswer
{
    private static readonly List<Recording> Streams =
        [.. RecordedFolders.All.SelectMany(RecordingFolder.Read).Where(recording => recording.Kind == RecordingKind.Stream)];
    private static readonly List<Recording> Others =
        [.. RecordingFolder.Read(RecordedFolders.All[0]).Where(recording => recording.Kind != RecordingKind.Stream)];

    private static readonly string[] Statuses =
        [
            "HTTP/1.1 200", "HTTP/1.1 abc OK", "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK", "HTTP/0.9 200 OK",
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/", "HTTP/1.1 204 No",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 999 What", "ICY 200 OK", "", "HTTP/1.1 101 Switching",
        ];

    private static readonly string[] Headers =
        [
            "no colon", ": no name", "x-\0nul: x", $"x-long: {new string('x', 70_000)}", "content-type: nonsense/;;",
            "content-type: text/event-stream", "content-encoding: gzip", "content-length: -1",
            "content-length: 99999999999999999999", "retry-after: 1e400", "retry-after: \u00ff", "request-id: \u00e9\u00ff",
            "anthropic-ratelimit-unified-status: rejected", "anthropic-ratelimit-unified-reset: 99999999999999999",
            "anthropic-ratelimit-requests-reset: never",
        ];

    /// <summary>The bytes of a connection, and the body in them as its sender meant it. The same seed gives the same.</summary>
    public static byte[] Of(int seed)
    {
        var random = new Random(seed);
        var isStream = random.Next(8) > 0;
        var recording = isStream ? Streams[random.Next(Streams.Count)] : Others[random.Next(Others.Count)];
        var body = isStream ? FuzzInput.OfStream(random, recording.Body.ToArray()) : random.Next(2) == 0 ? FuzzInput.OfJson(
            random, recording.Body.ToArray()) : FuzzInput.OfBytes(random, recording.Body.ToArray());
        var status = random.Next(12) == 0
            ? Statuses[random.Next(Statuses.Length)]
            : $"HTTP/1.1 {(isStream ? 200 : recording.Status)} OK";
        var head = new StringBuilder(
            $"{status}\r\ncontent-type: {(isStream ? "text/event-stream; charset=utf-8" : "application/json")}\r\n");
        if (random.Next(8) == 0)
            head.Append(Headers[random.Next(Headers.Length)]).Append("\r\n");
        byte[] answer = random.Next(3) switch
        {
            0 => [.. Latin(head.Append("\r\n")), .. body],
            1 =>
                [.. Latin(head.Append(CultureInfo.InvariantCulture, $"content-length: {Length(random, body.Length)}\r\n\r\n")),
                    .. body],
            _ => [.. Latin(head.Append("transfer-encoding: chunked\r\n\r\n")), .. Chunks(random, body)],
        };
        return random.Next(20) == 0 ? answer[..random.Next(answer.Length)] : answer;
    }

    private static int Length(Random random, int length) =>
        random.Next(6) switch { 0 => length + 1, 1 => Math.Max(0, length - 1), 2 => length * 1000, _ => length };

    private static byte[] Chunks(Random random, byte[] body)
    {
        var chunks = new List<byte>();
        while (body.Length > 0)
        {
            var piece = body[..Math.Min(body.Length, random.Next(1, 600))];
            body = body[piece.Length..];
            chunks.AddRange(Latin(Size(random, piece.Length)));
            chunks.AddRange(piece);
            chunks.AddRange(Latin(random.Next(200) == 0 ? "\n" : "\r\n"));
        }

        chunks.AddRange(Latin(random.Next(10) switch
        {
            0 => "",
            1 => "0\r\n",
            2 => "0\r\nx-trailer: 1\r\n\r\n",
            3 => "00000\r\n\r\ngarbage",
            _ => "0\r\n\r\n",
        }));
        return [.. chunks];
    }

    private static string Size(Random random, int length) => random.Next(200) switch
    {
        0 => $"{length:x};name=\"value\"\r\n",
        1 => $"000000{length:X}\r\n",
        2 => "zz\r\n",
        3 => "-5\r\n",
        4 => "FFFFFFFFFFFFFFFFF\r\n",
        5 => $"{length + 3:x}\r\n",
        6 => $"{length:x}\n",
        7 => " \r\n",
        8 => $"0x{length:x}\r\n",
        _ => $"{length:x}\r\n",
    };

    private static byte[] Latin(object text) => Encoding.Latin1.GetBytes($"{text}");
}
