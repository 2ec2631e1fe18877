using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>One way in which upstream fails, and what the failure table says of it.</summary>
/// <param name="Fault">What upstream does.</param>
/// <param name="Reason">The reason when nothing is left.</param>
/// <param name="Code">The code when nothing is left.</param>
/// <param name="Kind">What the receipt calls it.</param>
/// <param name="SetAside">What is set aside, as <see cref="UnusableText.Of"/> writes it, without the profile; empty:
/// nothing.</param>
/// <param name="Retry">RetryInfo when nothing is left; null if there is none.</param>
internal sealed record FailureRow(
    Fault Fault, string Reason, StatusCode Code, FailureKind Kind, string SetAside = "", TimeSpan? Retry = null)
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private static readonly DateTimeOffset Now = new ManualTimeProvider().GetUtcNow();
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Requests that one route is worth.</summary>
    public int Sends { get; init; } = 1;

    public bool TriesNext { get; init; } = true;

    public int HttpStatus => Fault.Status?.Code ?? (Fault.Drop ? 0 : 200);

    /// <summary>A cap that only its date clears, and that names no time (anthropic-api.md, section 4).</summary>
    public static Fault SpendCap => new()
    {
        Status = new()
        {
            Code = 429,
            Text = """{"type":"error","error":{"type":"rate_limit_error","message":"Come back on 2026-12-01.","details":"""
                + """{"error_code":"enforced_spend_limit_reached"}}}""",
        },
    };

    public static readonly IReadOnlyDictionary<string, FailureRow> All = new Dictionary<string, FailureRow>
    {
        ["429"] = RateLimited(Faults.Status(429), Minute),
        ["429, retry-after longer than the ladder"] = RateLimited(Faults.Status(429, retryAfter: "90"), Second * 90),
        ["429, retry-after shorter than the ladder"] = RateLimited(Faults.Status(429, retryAfter: "7"), Minute),
        ["429, a window that is used up"] = RateLimited(
            With(429, ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T12:10:00Z")), Minute * 10),
        ["429, the plan's five hours"] = PlanExhausted("five_hour", TimeSpan.FromHours(3), "all models"),
        ["429, the plan's week"] = PlanExhausted("seven_day", TimeSpan.FromHours(100), "all models"),
        ["429, the plan's week of one model"] = PlanExhausted("seven_day_opus", TimeSpan.FromHours(40), Opus),
        ["529"] = Overloaded(Faults.Status(529)),
        ["503"] = Overloaded(Faults.Status(503)),
        ["529, a repeat forbidden"] = Overloaded(With(529, ("x-should-retry", "false"))) with { Sends = 1 },
        ["overloaded inside a stream"] = Overloaded(Faults.OverloadedInStream(1)),
        ["500"] = ServerError(Faults.Status(500)),
        ["502 with HTML"] = ServerError(new Fault { Status = new() { Code = 502, Text = "<html>Bad gateway</html>" } }),
        ["504"] = ServerError(Faults.Status(504)) with { Code = StatusCode.DeadlineExceeded, Retry = null },
        ["no answer at all"] = ServerError(Faults.Drop()) with { Sends = 2 },
        ["a stream that breaks before it begins"] = ServerError(Faults.Cut(1)),
        ["a stream that ends before it begins"] = ServerError(Faults.End(1)),
        ["an empty stream"] = ServerError(Faults.End(0)),
        ["a stream that is garbled before it begins"] = ServerError(new Fault { Malformed = new(1) }),
        ["an answer that is no stream"] = ServerError(new Fault { Replay = new() { Text = """{"type":"message"}""" } }),
        ["402"] = Billing(Faults.Status(402)),
        ["400 that speaks of credit"] = Billing(Faults.Status(400, ErrorTexts.CreditBalance)),
        ["403 that speaks of credit"] = Billing(Faults.Status(403, ErrorTexts.CreditBalance)),
        ["429 that speaks of a spend limit"] = Billing(Faults.Status(429, ErrorTexts.SpendLimit)),
        ["429 with the code of a spend cap"] = Billing(SpendCap),
        ["no credit, inside a stream"] = Billing(new Fault { Error = new(1, "billing_error", "No credit.") }),
        ["401"] = Rejected(Faults.Status(401)),
        ["403 that names the token"] = Rejected(Faults.Status(403, ErrorTexts.OAuthRevoked)),
        ["400 for Claude Code only"] = Rejected(Faults.Status(400, ErrorTexts.ClaudeCodeOnly)),
        ["400"] = Refused(Faults.Status(400), StatusCode.InvalidArgument),
        ["403"] = NotPermitted(Faults.Status(403)),
        ["403 that names a feature"] = NotPermitted(Saying(403, "Web search is not enabled for this organization.")),
        ["400 of a disabled organization"] = AccountRefused(Saying(400, "This organization has been disabled.")),
        ["403 of a disabled organization"] = AccountRefused(Saying(403, "This organization has been disabled.")),
        ["403 of a suspended account"] = AccountRefused(Saying(403, "Your account has been suspended.")),
        ["403 without access to Claude"] = AccountRefused(
            Saying(403, "Your organization does not have access to Claude. Please contact your administrator.")),
        ["400 without accepted terms"] = AccountRefused(Saying(400, "You must accept the latest Commercial Terms of Service.")),
        ["account refused, inside a stream"] =
            AccountRefused(new Fault { Error = new(1, "permission_error", "This organization has been disabled.") }),
        ["404 that names the model"] = ModelNotFound(Saying(404, "model: claude-opus-4-6", "not_found_error")),
        ["model not found, inside a stream"] =
            ModelNotFound(new Fault { Error = new(1, "not_found_error", "model: claude-opus-4-6") }),
        ["429 that judges the request"] =
            TooCostly(Saying(429, "Extra usage is required for long context requests.", "rate_limit_error")),
        ["429 of usage credits for long context"] =
            TooCostly(Saying(429, "Usage credits are required for long context requests.", "rate_limit_error")),
        ["404"] = Refused(Faults.Status(404), StatusCode.NotFound),
        ["413"] = Refused(Faults.Status(413), StatusCode.InvalidArgument),
        ["422"] = Refused(Faults.Status(422), StatusCode.InvalidArgument),
        ["400, inside a stream"] =
            Refused(new Fault { Error = new(1, "invalid_request_error", "No.") }, StatusCode.InvalidArgument),
    };

    private static FailureRow RateLimited(Fault fault, TimeSpan span) =>
        new(fault, "RATE_LIMITED", StatusCode.ResourceExhausted, FailureKind.RateLimited,
            $"cooldown rate_limit, {Opus}, {span.TotalSeconds} s", span);

    private static FailureRow PlanExhausted(string claim, TimeSpan span, string models) => new(
        Faults.PlanExhausted(Now + span, claim), "PLAN_EXHAUSTED", StatusCode.ResourceExhausted, FailureKind.PlanExhausted,
        $"cooldown rate_limit, {models}, {span.TotalSeconds} s", span);

    private static FailureRow Overloaded(Fault fault) =>
        new(fault, "OVERLOADED", StatusCode.Unavailable, FailureKind.Overloaded, Retry: Second) { Sends = 3 };

    private static FailureRow ServerError(Fault fault) =>
        new(fault, "SERVER_ERROR", StatusCode.Unavailable, FailureKind.ServerError, Retry: Second);

    private static FailureRow Billing(Fault fault) =>
        new(fault, "BILLING", StatusCode.ResourceExhausted, FailureKind.Billing, "disabled billing, all models, 18000 s",
            TimeSpan.FromHours(5));

    private static FailureRow Rejected(Fault fault) =>
        new(fault, "CREDENTIAL_REJECTED", StatusCode.FailedPrecondition, FailureKind.CredentialRejected,
            "disabled auth, all models, for good");

    private static FailureRow AccountRefused(Fault fault) =>
        new(fault, "ACCOUNT_REFUSED", StatusCode.FailedPrecondition, FailureKind.AccountRefused,
            "disabled auth_permanent, all models, for good");

    private static FailureRow NotPermitted(Fault fault) =>
        new(fault, "NOT_PERMITTED", StatusCode.PermissionDenied, FailureKind.NotPermitted);

    private static FailureRow ModelNotFound(Fault fault) =>
        new(fault, "MODEL_NOT_FOUND", StatusCode.NotFound, FailureKind.ModelNotFound);

    private static FailureRow TooCostly(Fault fault) =>
        new(fault, "REQUEST_TOO_COSTLY", StatusCode.ResourceExhausted, FailureKind.RequestTooCostly);

    private static Fault Saying(int status, string message, string type = "invalid_request_error") =>
        new()
        {
            Status = new()
            {
                Code = status,
                Text = $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"}}""",
            },
        };

    private static FailureRow Refused(Fault fault, StatusCode code) =>
        new(fault, "REQUEST_REJECTED", code, FailureKind.RequestRejected) { TriesNext = false };

    private static Fault With(int status, params (string Name, string Value)[] headers) =>
        new() { Status = new() { Code = status, Headers = headers.ToDictionary(header => header.Name, header => header.Value) } };
}
