namespace ClawGrpc.Testing;

/// <summary>A recorded answer, byte for byte: from a file, a text or bytes; exactly one of the three.</summary>
public sealed record ReplayFault
{
    // What belongs to the recorded transfer and would be untrue of this one.
    private static readonly string[] TransferHeaders =
        ["content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "content-type"];

    /// <summary>A file with the body; read for each answer.</summary>
    public string? File { get; init; }

    public string? Text { get; init; }

    /// <summary>Base64 in JSON.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; init; }

    public int Status { get; init; } = 200;

    /// <summary>
    /// The recorded headers. Without <c>content-type</c> it is a stream when the body begins like one (<c>event:</c>,
    /// <c>data:</c> or a comment), else JSON. Those of the transfer itself (length, encoding, connection) are left out.
    /// </summary>
    public Dictionary<string, string> Headers { get; init; } = [];

    internal Reply ToReply()
    {
        var body = Bytes ?? (Text is null ? System.IO.File.ReadAllBytes(File ?? "") : System.Text.Encoding.UTF8.GetBytes(Text));
        var type = Headers.FirstOrDefault(header => header.Key.Equals("content-type", StringComparison.OrdinalIgnoreCase)).Value
            ?? (LooksLikeStream(body.Span) ? Reply.StreamType : Reply.JsonType);
        var headers = Headers.Where(header => !TransferHeaders.Contains(header.Key, StringComparer.OrdinalIgnoreCase));
        var reply = new Reply(Status, type, [body]) { Headers = [.. headers] };
        return reply.IsStream ? reply with { Parts = EventBytes.Split(body) } : reply;
    }

    private static bool LooksLikeStream(ReadOnlySpan<byte> body) =>
        body.StartsWith("event:"u8) || body.StartsWith("data:"u8) || body.StartsWith(":"u8);
}
