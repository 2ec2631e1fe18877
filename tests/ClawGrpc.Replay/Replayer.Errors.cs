using System.Text.Json;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Replay;

public sealed partial class Replayer
{
    private static readonly string[] BillingTexts =
        ["credit balance", "spend limit", "specified API usage limits", "workspace API usage limits",
            "draw from your extra usage"];

    private static readonly string[] TokenTexts =
        ["OAuth token", "OAuth authentication", "scope requirement", "only authorized for use with Claude Code"];

    private static readonly string[] AccountTexts = ["organization has been disabled", "does not have access to Claude"];

    private async Task<string> ReplayErrorAsync(Recording recording)
    {
        Answer(recording, AnyPiece());
        var error = await FailsAsync(() => CompleteAsync(Input(Prompt), raw: false));
        Check(recording, error);
        await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
        var (parts, streamed) = await StreamAsync(Input(Prompt), raw: true);
        Expect(parts.Count == 0, "something came before the error");
        Check(recording, streamed ?? throw new ReplayException("streamed it did not fail"));
        return $"{recording.Status} is {error.Code} {error.ReasonName}";
    }

    private static void Check(Recording recording, ClawGrpcError error)
    {
        var body = Recording.Json(recording.Body);
        var inside = Member(body, "error");
        var message = Member(inside, "message") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        var wanted = MeaningOf(recording, message, $"{Member(Member(inside, "details"), "error_code")}");
        Expect(error.Reason == wanted, $"{recording.Status} {Cut(message)} is {error.ReasonName} and not {wanted}");
        Expect(error.Code == CodeOf(wanted, recording.Status), $"{error.ReasonName} is {error.Code}");
        Expect(error.Message.Contains(Cut(message), StringComparison.Ordinal), $"upstream's words are not told: {error.Message}");
        Is("http_status", $"{recording.Status}");
        Is("error_type", Member(inside, "type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null);
        Is("request_id", recording.Headers.GetValueOrDefault(
            "request-id") ?? (Member(body, "request_id") is { ValueKind: JsonValueKind.String } id ? id.GetString() : null));
        var repeats = error.Code == StatusCode.ResourceExhausted && error.Reason != ErrorReason.RequestTooCostly;
        Expect(!repeats || error.RetryDelay > TimeSpan.Zero, "no RetryInfo");
        var attempt = error.Receipt?.Attempts.SingleOrDefault() ?? throw new ReplayException(
            "the receipt does not list the one attempt");
        Expect(attempt.HttpStatus == recording.Status
            && attempt.Outcome == AttemptOutcome.Failed, "the receipt tells another attempt");

        void Is(string fact, string? value)
        {
            if (value is not null)
            {
                Expect(error.Metadata.GetValueOrDefault(
                    fact) == value, $"{fact} is {error.Metadata.GetValueOrDefault(fact)} and not {value}");
            }
        }
    }

    // The failure table once more, from the documentation of the API.
    private static ErrorReason MeaningOf(Recording recording, string message, string code)
    {
        return recording.Status switch
        {
            402 => ErrorReason.Billing,
            429 when message.Contains("required for long context", StringComparison.Ordinal) => ErrorReason.RequestTooCostly,
            400 or 403 or 429 when Says(BillingTexts) || IsSpent() => ErrorReason.Billing,
            429 when recording.Headers.GetValueOrDefault("anthropic-ratelimit-unified-status") == "rejected" =>
                ErrorReason.PlanExhausted,
            429 => ErrorReason.RateLimited,
            401 => ErrorReason.CredentialRejected,
            400 or 403 when Says(TokenTexts) => ErrorReason.CredentialRejected,
            400 or 403 when Says(AccountTexts) => ErrorReason.AccountRefused,
            403 => ErrorReason.NotPermitted,
            404 when message.StartsWith("model:", StringComparison.Ordinal) => ErrorReason.ModelNotFound,
            408 or 409 => ErrorReason.ServerError,
            503 or 529 => ErrorReason.Overloaded,
            >= 500 => ErrorReason.ServerError,
            _ => ErrorReason.RequestRejected,
        };

        // Of spend limits the codes say more than the texts; a ramp is a short one.
        bool IsSpent() => code.EndsWith("spend_limit_reached", StringComparison.Ordinal);

        bool Says(string[] texts) => texts.Any(text => message.Contains(text, StringComparison.OrdinalIgnoreCase));
    }

    private static StatusCode CodeOf(ErrorReason reason, int status) => reason switch
    {
        ErrorReason.Billing or ErrorReason.PlanExhausted or ErrorReason.RateLimited or ErrorReason.RequestTooCostly =>
            StatusCode.ResourceExhausted,
        ErrorReason.CredentialRejected or ErrorReason.AccountRefused => StatusCode.FailedPrecondition,
        ErrorReason.ServerError when status == 504 => StatusCode.DeadlineExceeded,
        ErrorReason.ServerError or ErrorReason.Overloaded => StatusCode.Unavailable,
        _ => status switch { 403 => StatusCode.PermissionDenied, 404 => StatusCode.NotFound, _ => StatusCode.InvalidArgument },
    };

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;
}
