using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;

namespace ClawGrpc.Server.Http;

/// <summary>Refusals as Anthropic's errors: the status, <c>error.type</c> and the headers that clients act on.</summary>
internal static class HttpErrors
{
    private const int LongestWait = 60;

    // Quotes and apostrophes of messages as they are: nothing here is put into a page.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Refuses a request. Nothing of the answer may have been sent.</summary>
    public static Task WriteAsync(HttpContext context, Refusal refusal)
    {
        var (status, type) = OfReason(refusal);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        var requestId = refusal.Facts.GetValueOrDefault("request_id", "");
        response.Headers["request-id"] = requestId.Length > 0
            ? requestId
            : $"req_clawgrpc_{context.TraceIdentifier.Replace(':', '_')}";
        if (status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        var wait = refusal.RetryAfter is { } span ? (long)Math.Ceiling(Math.Max(1, span.TotalSeconds)) : (long?)null;
        if (wait is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);

        // What waiting does not mend is not repeated by clients: of a long prompt that would be three times.
        if (status < 500 && wait is null or > LongestWait || status == StatusCodes.Status503ServiceUnavailable && wait is null
            || refusal.Reason == RefusalReason.BudgetExceeded)
        {
            response.Headers["x-should-retry"] = "false";
        }

        var body = refusal.UpstreamBody.IsEmpty
            ? BodyOf(type, refusal.Message, $"{response.Headers["request-id"]}")
            : refusal.UpstreamBody;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    /// <summary>The event that ends a stream which has begun.</summary>
    public static byte[] EventOf(Refusal refusal)
    {
        var type = refusal.Reason == RefusalReason.Interrupted && refusal.Facts.TryGetValue("error_type", out var given)
            ? given
            : OfReason(refusal).Type;
        var json = BodyOf(type, refusal.Message, refusal.Facts.GetValueOrDefault("request_id", ""));
        return [.. "event: error\ndata: "u8, .. json.Span, .. "\n\n"u8];
    }

    // The status of a failure of upstream is a column of the failure table; what ClawGrpc itself refuses is here.
    private static (int Status, string Type) OfReason(Refusal refusal) => refusal.Reason switch
    {
        RefusalReason.Unauthenticated or RefusalReason.CallerEnded => (401, "authentication_error"),
        RefusalReason.ScopeMissing or RefusalReason.AgentNotPermitted or RefusalReason.ModelNotPermitted =>
            (403, "permission_error"),
        RefusalReason.InvalidField when refusal.HttpStatus == 413 => (413, "request_too_large"),
        RefusalReason.InvalidField or RefusalReason.ProviderMismatch => (400, "invalid_request_error"),
        RefusalReason.ModelNotFound or RefusalReason.AgentNotFound or RefusalReason.ProfileNotFound
            or RefusalReason.ClientNotFound or RefusalReason.TokenNotFound or RefusalReason.NotImplemented =>
            (404, "not_found_error"),
        RefusalReason.BudgetExceeded => (429, "billing_error"),
        RefusalReason.ClientLimited or RefusalReason.Busy or RefusalReason.RateLimited or RefusalReason.PlanExhausted
            or RefusalReason.RequestTooCostly => (429, "rate_limit_error"),
        RefusalReason.AllProfilesUnavailable when refusal.RetryAfter is not null => (429, "rate_limit_error"),
        RefusalReason.Overloaded => (529, "overloaded_error"),
        RefusalReason.TimedOut => (504, "timeout_error"),
        RefusalReason.RequestRejected => (refusal.HttpStatus ?? 400, refusal.Facts.GetValueOrDefault(
            "error_type", "invalid_request_error")),
        RefusalReason.Internal or RefusalReason.Interrupted or RefusalReason.AnswerTooLarge => (500, "api_error"),
        _ => (503, "api_error"),
    };

    private static ReadOnlyMemory<byte> BodyOf(string type, string message, string requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + message.Length);
        using var json = new Utf8JsonWriter(buffer, Readable);
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", type);
        json.WriteString("message", message);
        json.WriteEndObject();
        if (requestId.Length > 0)
            json.WriteString("request_id", requestId);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
