using System.Text;
using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// One event of a streamed answer, looked through once: what it is and where its parts lie. Nothing is copied; the parts are
/// slices of <see cref="Data"/> and hold as long as it does.
/// </summary>
internal readonly struct StreamEvent
{
    /// <summary>A block's index above this is refused: no answer has as many blocks.</summary>
    public const int MaxIndex = 100_000;

    internal StreamEvent(ReadOnlyMemory<byte> data) => Data = data;

    /// <summary>The event's JSON, byte for byte as upstream sent it.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>What it is.</summary>
    public StreamEventKind Kind { get; internal init; }

    /// <summary>The block it speaks of; -1 when it speaks of none.</summary>
    public int Index { get; internal init; }

    /// <summary>What a delta adds.</summary>
    public DeltaKind Delta { get; internal init; }

    /// <summary>
    /// The JSON object the event is about: <c>message</c>, <c>content_block</c>, <c>delta</c> or <c>error</c>; empty when there
    /// is none.
    /// </summary>
    public ReadOnlyMemory<byte> Part { get; internal init; }

    /// <summary>The <c>usage</c> of a <c>message_delta</c>; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Usage { get; internal init; }

    /// <summary>
    /// What a text, input, thinking or signature delta adds, between the quotes (see <see cref="JsonText"/>).
    /// </summary>
    public ReadOnlyMemory<byte> Text { get; internal init; }

    /// <summary>
    /// Whether kind, index and <see cref="Text"/> (or, for other kinds than deltas, <see cref="Part"/>) are all that the event
    /// contains. If not, only its JSON is complete.
    /// </summary>
    public bool IsPlain { get; internal init; }

    /// <summary>
    /// Whether the event bears content (the first content-bearing event is the commit point). Block events are,
    /// and the end of the message; <c>message_start</c> only when it has content; pings, errors and unknown events are
    /// not.
    /// </summary>
    public bool BearsContent => Kind switch
    {
        StreamEventKind.BlockStart or StreamEventKind.BlockDelta or StreamEventKind.BlockStop => true,
        StreamEventKind.MessageDelta or StreamEventKind.MessageStop => true,
        StreamEventKind.MessageStart => HasContent(Part),
        _ => false,
    };

    /// <summary>The <c>type</c>; empty when the event has none.</summary>
    public string Type => Kind switch
    {
        StreamEventKind.MessageStart => "message_start",
        StreamEventKind.BlockStart => "content_block_start",
        StreamEventKind.BlockDelta => "content_block_delta",
        StreamEventKind.BlockStop => "content_block_stop",
        StreamEventKind.MessageDelta => "message_delta",
        StreamEventKind.MessageStop => "message_stop",
        StreamEventKind.Ping => "ping",
        StreamEventKind.Error => "error",
        _ => JsonText.Decode(UnknownType.Span),
    };

    /// <summary>The type of an unknown event, between the quotes.</summary>
    internal ReadOnlyMemory<byte> UnknownType { get; init; }

    /// <summary>Looks an event through.</summary>
    /// <param name="read">The event as the stream gave it. Its name counts only when the data has no <c>type</c>.</param>
    /// <exception cref="MalformedAnswerException">The data is not a JSON object, or an index is out of range.</exception>
    public static StreamEvent Parse(SseEvent read) => StreamEventParser.Parse(read.Data, read.Name.Span);

    /// <summary>Looks the data of an event through.</summary>
    /// <exception cref="MalformedAnswerException">The data is not a JSON object, or an index is out of range.</exception>
    public static StreamEvent Parse(ReadOnlyMemory<byte> data) => StreamEventParser.Parse(data, default);

    /// <summary>Upstream's words in an <c>error</c> event; an error that is not JSON is its own message.</summary>
    /// <returns>Type and message; either is empty if the event has none.</returns>
    public (string Type, string Message) Error()
    {
        if (Part.IsEmpty)
            return ("", Encoding.UTF8.GetString(Data.Span));
        var (type, message) = ("", "");
        var reader = new Utf8JsonReader(Part.Span, JsonText.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.Is("type"u8);
            var isMessage = reader.Is("message"u8);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                reader.Skip();
            else if (isType)
                type = JsonText.Decode(reader.ValueSpan);
            else if (isMessage)
                message = JsonText.Decode(reader.ValueSpan);
        }

        return (type, message);
    }

    private static bool HasContent(ReadOnlyMemory<byte> message)
    {
        var content = new JsonMembers(message).Find("content"u8).Span;
        return content is [(byte)'[', ..] && content[1..].TrimStart(" \t\r\n"u8) is not [(byte)']', ..];
    }
}
