using ClawGrpc.Core.Messages;

namespace ClawGrpc.Server.Completions;

/// <summary>
/// An answer that came whole although a stream was asked for, as from a gateway in between that does not stream. It goes the way of every
/// answer, as a stream whose <c>message_start</c> brings all of it along; upstream itself sends such streams.
/// </summary>
internal static class WholeAnswer
{
    /// <summary>A longer body is no answer.</summary>
    public const int LongestBody = 32 * 1024 * 1024;

    /// <summary>The events that it stands for.</summary>
    /// <exception cref="MalformedAnswerException">It is not a message.</exception>
    public static Stream ToEvents(ReadOnlyMemory<byte> body)
    {
        FoldedMessage.Read(body);
        byte[] events =
        [
            .. "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"u8, .. body.Span,
            .. "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8,
        ];

        // Line ends of JSON stand between its tokens, where a space does as well; an event's data is one line.
        var message = events.AsSpan(events.AsSpan().IndexOf("{"u8), body.Length + "{\"type\":\"message_start\",\"message\":"u8.Length);
        message.Replace((byte)'\n', (byte)' ');
        message.Replace((byte)'\r', (byte)' ');
        return new MemoryStream(events, writable: false);
    }
}
