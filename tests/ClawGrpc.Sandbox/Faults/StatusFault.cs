using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>An answer with a status of one's choice. Without any body, the error envelope of that status.</summary>
public sealed record StatusFault
{
    /// <summary>HTTP status.</summary>
    public required int Code { get; init; }

    /// <summary><c>error.type</c> of the envelope; null takes the one that belongs to the status.</summary>
    public string? Type { get; init; }

    /// <summary><c>error.message</c> of the envelope; null takes the usual text.</summary>
    public string? Message { get; init; }

    /// <summary>The body as JSON instead of the envelope.</summary>
    public JsonElement? Json { get; init; }

    /// <summary>The body as text instead of the envelope; "" sends an empty one.</summary>
    public string? Text { get; init; }

    /// <summary>
    /// Media type; null is <c>text/html</c> for a text that begins with <c>&lt;</c>, <c>text/plain</c> for another, else
    /// JSON.
    /// </summary>
    public string? ContentType { get; init; }

    /// <summary>Further headers, such as <c>retry-after</c>; they replace the usual ones, and "" removes one.</summary>
    public Dictionary<string, string> Headers { get; init; } = [];

    internal Reply ToReply(string requestId)
    {
        var known = ApiError.Of(Code, Message);
        var reply = Reply.Error(known with { Type = Type ?? known.Type }, requestId);
        if (Json is { } json)
        {
            reply = reply with { Parts = [JsonSerializer.SerializeToUtf8Bytes(json)] };
        }
        else if (Text is { } text)
        {
            reply = Reply.Text(Code, text.StartsWith('<') ? "text/html; charset=UTF-8" : "text/plain; charset=utf-8", text) with
            {
                Headers = reply.Headers,
            };
        }

        return reply with
        {
            ContentType = ContentType ?? (Text is "" ? null : reply.ContentType),
            Headers = [.. reply.Headers, .. Headers],
        };
    }
}
