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
        var status = StatusOf(refusal);
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        var requestId = refusal.Facts.GetValueOrDefault("request_id", "");
        response.Headers["request-id"] = AnswerHead.IsSendable(requestId)
            ? requestId
            : $"req_clawgrpc_{context.TraceIdentifier.Replace(':', '_')}";
        if (status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        var wait = refusal.RetryAfter is { } span ? (long)Math.Ceiling(Math.Max(1, span.TotalSeconds)) : (long?)null;
        if (wait is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (ForbidsRepeat(refusal, status, wait))
            response.Headers["x-should-retry"] = "false";

        var body = refusal.UpstreamBody.IsEmpty
            ? BodyOf(TypeOf(refusal, status), MessageOf(refusal), $"{response.Headers["request-id"]}")
            : refusal.UpstreamBody;
        response.ContentLength = body.Length;
        return response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    /// <summary>The event that ends a stream which has begun.</summary>
    public static byte[] EventOf(Refusal refusal)
    {
        var json = BodyOf(
            TypeOf(refusal, StatusOf(refusal)), MessageOf(refusal), refusal.Facts.GetValueOrDefault("request_id", ""));
        return [.. "event: error\ndata: "u8, .. json.Span, .. "\n\n"u8];
    }

    // A failure of upstream has its status from the failure table; what ClawGrpc itself refuses is here.
    private static int StatusOf(Refusal refusal) => refusal.HttpStatus ?? refusal.Reason switch
    {
        RefusalReason.Unauthenticated or RefusalReason.CallerEnded => 401,
        RefusalReason.ScopeMissing or RefusalReason.AgentNotPermitted or RefusalReason.ModelNotPermitted => 403,
        RefusalReason.InvalidField or RefusalReason.ProviderMismatch => 400,
        RefusalReason.ModelNotFound or RefusalReason.AgentNotFound or RefusalReason.ProfileNotFound
            or RefusalReason.NotImplemented => 404,
        RefusalReason.BudgetExceeded or RefusalReason.ClientLimited or RefusalReason.Busy => 429,
        RefusalReason.AllProfilesUnavailable when refusal.RetryAfter is not null => 429,
        RefusalReason.Internal => 500,
        _ => 503,
    };

    private static string TypeOf(Refusal refusal, int status) => refusal.Reason switch
    {
        RefusalReason.BudgetExceeded => "billing_error",
        RefusalReason.RequestRejected when refusal.Facts.TryGetValue("error_type", out var given) => given,
        _ => status switch
        {
            400 or 422 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            504 => "timeout_error",
            529 => "overloaded_error",
            _ => "api_error",
        },
    };

    // What waiting does not mend is not repeated by clients: of a long prompt that would be three times. Nor do they wait for hours.
    private static bool ForbidsRepeat(Refusal refusal, int status, long? wait) => refusal.Reason switch
    {
        RefusalReason.RequestRejected or RefusalReason.ServerError => false,
        RefusalReason.BudgetExceeded or RefusalReason.AnswerTooLarge => true,
        _ => status switch
        {
            400 or 401 or 403 or 404 => true,
            429 or 503 => wait is null or > LongestWait,
            _ => false,
        },
    };

    // Clients know some failures by Anthropic's words: those of a model count here, and those of a credential or an account are
    // about ClawGrpc's own and not the caller's, whom Claude Code would tell to log in or to pay.
    private static string MessageOf(Refusal refusal) => refusal.Reason switch
    {
        RefusalReason.ModelNotFound when refusal.Facts.TryGetValue("model", out var model) =>
            $"model: {model}. {refusal.Message}",
        RefusalReason.CredentialRejected =>
            "Anthropic refused the credential that ClawGrpc holds. Its operator can onboard a new one (claw onboard).",
        RefusalReason.AccountRefused =>
            "Anthropic refused the account behind ClawGrpc's credential. Its operator sees why (claw models status).",
        RefusalReason.Billing =>
            "Anthropic reports a billing problem of the account behind ClawGrpc. Its operator sees which (claw models status).",
        _ => refusal.Message,
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
