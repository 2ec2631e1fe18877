namespace ClawGrpc.Testing;

/// <summary>A recorded stream taken apart into its events without changing a byte.</summary>
internal static class EventBytes
{
    /// <summary>The events, each with the blank line that ends it; what follows the last blank line is one more part.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> body)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        while (!body.IsEmpty)
        {
            var length = LengthOfFirst(body.Span);
            parts.Add(body[..length]);
            body = body[length..];
        }

        return parts;
    }

    private static int LengthOfFirst(ReadOnlySpan<byte> body)
    {
        var lf = body.IndexOf("\n\n"u8);
        var crlf = body.IndexOf("\r\n\r\n"u8);
        return (lf, crlf) switch
        {
            (-1, -1) => body.Length,
            (-1, _) => crlf + 4,
            (_, -1) => lf + 2,
            _ => crlf < lf ? crlf + 4 : lf + 2,
        };
    }
}
