using System.Text;
using System.Text.Json;

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
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return Read(document.RootElement);
        }
        catch (JsonException)
        {
            // HTML of a content delivery network, plain text, or nothing at all.
        }

        var text = Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, LongestText)]).Trim();
        return new ErrorEnvelope(null, text.Length == 0 ? null : text, null, null);
    }

    private static ErrorEnvelope Read(JsonElement root)
    {
        var error = root.TryGetProperty("error", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        var details = Member(error, "details") is { ValueKind: JsonValueKind.Object } member ? member : default;
        return new ErrorEnvelope(Text(error, "type"), Text(error, "message"), Text(details, "error_code"), Text(root, "request_id"));
    }

    private static JsonElement? Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement parent, string name) =>
        Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
