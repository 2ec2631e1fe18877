using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>An error of the API: status, type and message, and whether the client is told to try again.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type"><c>error.type</c>.</param>
/// <param name="Message"><c>error.message</c>.</param>
/// <param name="ShouldRetry">The header <c>x-should-retry</c>; null sends none.</param>
internal sealed record ApiError(int Status, string Type, string Message, bool? ShouldRetry)
{
    /// <summary>The error that belongs to a status (anthropic-api.md 4), with its usual text unless one is given.</summary>
    public static ApiError Of(int status, string? message = null) => status switch
    {
        400 or 412 or 422 => new(status, "invalid_request_error", message ?? "Bad request", false),
        401 => new(status, "authentication_error", message ?? ErrorTexts.InvalidApiKey, false),
        402 => new(status, "billing_error", message ?? ErrorTexts.CreditBalance, false),
        403 => new(status, "permission_error", message ?? ErrorTexts.NoPermission, false),
        404 => new(status, "not_found_error", message ?? "Not found", false),
        409 => new(status, "conflict_error", message ?? "Conflict", null),
        413 => new(status, "request_too_large", message ?? "Request exceeds the maximum size", false),
        429 => new(status, "rate_limit_error", message ?? ErrorTexts.RateLimit, true),
        504 => new(status, "timeout_error", message ?? "Request timed out", null),
        529 => new(status, "overloaded_error", message ?? ErrorTexts.Overloaded, true),
        _ => new(status, "api_error", message ?? "Internal server error", null),
    };

    public static ApiError Invalid(string message) => Of(400, message);

    /// <summary>The envelope; without <c>request_id</c> when that is null.</summary>
    public byte[] ToJson(string? requestId) => Json.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", "error");
        writer.WriteStartObject("error");
        writer.WriteString("type", Type);
        writer.WriteString("message", Message);
        writer.WriteEndObject();
        if (requestId is not null)
        {
            writer.WriteString("request_id", requestId);
        }

        writer.WriteEndObject();
    });

    /// <summary>The envelope as an event of a stream whose status was already 200 (anthropic-api.md 3.2).</summary>
    public byte[] ToEvent() => Encoding.UTF8.GetBytes(
        "event: error\ndata: "
        + $$$"""{"type": "error", "error": {"type": {{{Quote(Type)}}}, "message": {{{Quote(Message)}}}}}"""
        + "\n\n");

    private static string Quote(string text) => "\"" + JsonEncodedText.Encode(text, Json.Encoder) + "\"";
}
