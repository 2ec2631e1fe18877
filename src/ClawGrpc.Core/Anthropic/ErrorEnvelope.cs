using System.Buffers;
using System.Text;

namespace ClawGrpc.Core.Anthropic;

/// <summary>An error body (anthropic-api.md, section 4): the envelope, or what a gateway sent instead.</summary>
/// <param name="Type"><c>error.type</c>; null if the body is not an envelope.</param>
/// <param name="Message">
/// <c>error.message</c>, else the message of a gateway in between, else the beginning of a body that is not an envelope; null if
/// there is none.
/// </param>
/// <param name="Code"><c>error.details.error_code</c>; null if there is none.</param>
/// <param name="RequestId"><c>request_id</c>; null if there is none.</param>
internal sealed record ErrorEnvelope(string? Type, string? Message, string? Code, string? RequestId)
{
    private const int LongestText = 600;

    /// <summary>Whether the whole body is an envelope as Anthropic writes it: clients can read it as it is.</summary>
    public bool IsWhole { get; private init; }

    /// <summary>Reads a body of any kind; never fails.</summary>
    /// <param name="body">JSON, HTML, text or nothing; JSON may be cut off.</param>
    public static ErrorEnvelope Read(ReadOnlyMemory<byte> body)
    {
        var root = JsonMembers.OfAny(body);
        var isCut = root.IsEmpty && body.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8);
        if (isCut)
        {
            // What is whole of the members counts, all but a text that is cut in two.
            var mended = new ArrayBufferWriter<byte>(body.Length + 16);
            CutJson.WriteWhole(body.Span, mended);
            root = JsonMembers.OfAny(mended.WrittenMemory);
        }

        var error = MembersOf(root, "error"u8);
        var type = Text(error, "type"u8);

        // The texts of gateway frameworks ("error": "Bad Gateway") come last: they tell least.
        var message = Words(error, "message"u8) ?? Words(root, "message"u8) ?? Words(root, "detail"u8) ?? Words(root, "error"u8);
        return new ErrorEnvelope(
            type,
            message ?? (type is null || isCut ? Beginning(body.Span) : null),
            Text(MembersOf(error, "details"u8), "error_code"u8),
            Text(root, "request_id"u8))
        {
            IsWhole = !isCut && Text(root, "type"u8) == "error" && type is not null && Text(error, "message"u8) is not null,
        };
    }

    private static string? Words(JsonMembers parent, ReadOnlySpan<byte> name) =>
        Text(parent, name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    // HTML of a content delivery network, plain text, other JSON, or an empty body.
    private static string? Beginning(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, LongestText)]).Trim();
        return text is "" or "{}" ? null : text;
    }

    private static JsonMembers MembersOf(JsonMembers parent, ReadOnlySpan<byte> name) =>
        new(parent.Find(name) is var value && value.Span.StartsWith("{"u8) ? value : default);

    // Half surrogate pairs and invalid UTF-8 become U+FFFD.
    private static string? Text(JsonMembers parent, ReadOnlySpan<byte> name) =>
        parent.Find(name) is var value && value.Span.StartsWith("\""u8) ? JsonText.Decode(value.Span[1..^1]) : null;
}
