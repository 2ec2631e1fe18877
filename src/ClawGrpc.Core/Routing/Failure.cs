using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Routing;

/// <summary>Tells what an answer of upstream means. Pure: the same answer at the same time always means the same.</summary>
internal static class Failure
{
    private static readonly string[] BillingCodes =
    [
        "enforced_spend_limit_reached", "contract_spend_limit_reached", "linked_organization_billing_unavailable",
        "linked_organization_spend_limit_reached",
    ];

    private static readonly string[] AccountCodes = ["organization_on_hold"];

    /// <summary>What an answer with an error status, or one that is no answer, means.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="headers">The headers.</param>
    /// <param name="body">The body, of any kind.</param>
    /// <param name="now">The time of the answer.</param>
    public static UpstreamFailure OfAnswer(int status, AnswerHeaders headers, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var envelope = ErrorEnvelope.Read(body);
        var kind = KindOf(status, envelope, headers);
        var failure = new UpstreamFailure(kind, envelope.Message ?? $"HTTP {status} without a message")
        {
            Status = status,
            ErrorType = envelope.Type,
            ErrorCode = envelope.Code,
            RequestId = headers["request-id"] ?? envelope.RequestId,
            ForbidsRepeat = string.Equals(headers["x-should-retry"], "false", StringComparison.OrdinalIgnoreCase),
            Until = headers.RetryAfter(now),
        };
        return kind switch
        {
            FailureKind.RateLimited => failure with { Until = new[] { failure.Until, headers.ExhaustedUntil(now) }.Max() },
            FailureKind.PlanExhausted => OfPlan(failure, headers, now),
            _ => failure,
        };
    }

    /// <summary>
    /// What an <c>error</c> event inside a 200 stream means, when it comes before the first content-bearing event.
    /// </summary>
    /// <param name="type"><c>error.type</c>; null if there is none.</param>
    /// <param name="message"><c>error.message</c>; null if there is none.</param>
    /// <param name="requestId">Upstream's name of the answer; null if there is none.</param>
    public static UpstreamFailure OfEvent(string? type, string? message, string? requestId)
    {
        var status = type switch
        {
            "invalid_request_error" => 400,
            "authentication_error" => 401,
            "billing_error" => 402,
            "permission_error" => 403,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            _ => 500, // With "overloaded_error", which says what it is under every 5xx.
        };
        var envelope = new ErrorEnvelope(type, message, null, requestId);
        return new UpstreamFailure(KindOf(status, envelope, AnswerHeaders.None), message ?? "The stream failed without a message")
        {
            Status = 200,
            ErrorType = type,
            RequestId = requestId,
        };
    }

    private static FailureKind KindOf(int status, ErrorEnvelope envelope, AnswerHeaders headers) => status switch
    {
        402 => FailureKind.Billing,
        400 or 403 or 429 when IsBilling(envelope) => FailureKind.Billing,
        400 or 403 when AccountCodes.Contains(envelope.Code) => FailureKind.AccountRefused,
        >= 400 and < 500 when FailureTexts.KindOf(status, envelope.Message) is { } kind => kind,
        429 when IsRejected(headers) => FailureKind.PlanExhausted,
        429 => FailureKind.RateLimited,
        401 => FailureKind.CredentialRejected,
        403 => FailureKind.NotPermitted,
        503 or 529 => FailureKind.Overloaded,
        408 or 409 => FailureKind.ServerError,
        >= 400 and < 500 => FailureKind.RequestRejected,
        >= 500 when envelope.Type == "overloaded_error" => FailureKind.Overloaded,
        _ => FailureKind.ServerError,
    };

    private static UpstreamFailure OfPlan(UpstreamFailure failure, AnswerHeaders headers, DateTimeOffset now)
    {
        var claim = headers["anthropic-ratelimit-unified-representative-claim"];
        var own = claim switch
        {
            "five_hour" => "5h-reset",
            "seven_day" => "7d-reset",
            "seven_day_overage_included" => "7d_oi-reset",
            "overage" => "overage-reset",
            _ => "reset",
        };

        // Resets are whole seconds and clocks differ: one that has passed says nothing, and what else is stated counts.
        DateTimeOffset? reset = new[] { own, "reset" }
            .Select(name => AnswerHeaders.Time(headers[$"anthropic-ratelimit-unified-{name}"]))
            .FirstOrDefault(reset => reset > now);

        // A window of one model (`seven_day_opus`) leaves the profile's other models alone; an unknown claim counts as one of
        // those, since a profile set aside for days by mistake hurts more than a second rejection does.
        return failure with
        {
            Claim = claim,
            Until = reset ?? failure.Until,
            SetsAside = claim is "five_hour" or "seven_day" ? SetsAside.Profile : SetsAside.Route,
        };
    }

    private static bool IsRejected(AnswerHeaders headers) =>
        string.Equals(headers["anthropic-ratelimit-unified-status"], "rejected", StringComparison.OrdinalIgnoreCase);

    private static bool IsBilling(ErrorEnvelope envelope) =>
        envelope.Type == "billing_error" || BillingCodes.Contains(envelope.Code);
}
