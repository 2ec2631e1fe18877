using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Messages;

namespace ClawGrpc.Core.Failures;

/// <summary>An error body (anthropic-api.md, section 4): the envelope, or whatever an edge in between sent instead.</summary>
/// <param name="Type"><c>error.type</c>; null: the body is no envelope.</param>
/// <param name="Message"><c>error.message</c>; null: the body has none.</param>
/// <param name="Code"><c>error.details.error_code</c>; null: none.</param>
/// <param name="RequestId"><c>request_id</c>; null: none.</param>
public sealed record ErrorEnvelope(string? Type, string? Message, string? Code, string? RequestId)
{
    private const int LongestText = 600;

    /// <summary>Reads a body of any kind; never fails.</summary>
    /// <param name="body">JSON, HTML, text or nothing.</param>
    public static ErrorEnvelope Read(ReadOnlyMemory<byte> body)
    {
        if (!IsObject(body.Span))
        {
            // HTML of a content delivery network, plain text, or nothing at all.
            var text = Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, LongestText)]).Trim();
            return new ErrorEnvelope(null, text.Length == 0 ? null : text, null, null);
        }

        var root = new JsonMembers(body);
        var error = MembersOf(root, "error"u8);
        return new ErrorEnvelope(Text(error, "type"u8), Text(error, "message"u8), Text(MembersOf(error, "details"u8), "error_code"u8), Text(root, "request_id"u8));
    }

    private static bool IsObject(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, JsonText.Options);
            var isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (reader.Read())
            {
                // Only to know that it is JSON to its end.
            }

            return isObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonMembers MembersOf(JsonMembers parent, ReadOnlySpan<byte> name) =>
        new(parent.Find(name) is var value && value.Span.StartsWith("{"u8) ? value : default);

    // Strings are what JSON and UTF-8 let through: half a surrogate pair and bytes that are no text become U+FFFD.
    private static string? Text(JsonMembers parent, ReadOnlySpan<byte> name) =>
        parent.Find(name) is var value && value.Span.StartsWith("\""u8) ? JsonText.Decode(value.Span[1..^1]) : null;
}
