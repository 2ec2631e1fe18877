using ClawGrpc.Core.Failures;
using ClawGrpc.Core.Selection;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Completions;

/// <summary>Writes a completion's receipt as it goes along.</summary>
internal sealed class ReceiptLog(Receipt receipt, DateTimeOffset start)
{
    /// <summary>What is said of a login that would have to be refreshed.</summary>
    public const string ExpiredLogin = "OAuth token refresh failed for anthropic: the login has expired and this server does not refresh logins. "
        + "Paste a setup-token (claude setup-token, then claw models auth paste-token --provider anthropic).";

    public Receipt Receipt { get; } = receipt;

    public void SkippedAsExpired(Route route, DateTimeOffset now)
    {
        var attempt = Of(route, now, now);
        attempt.Outcome = AttemptOutcome.Skipped;
        attempt.Message = ExpiredLogin;
    }

    public void Skipped(Route route, DateTimeOffset now)
    {
        var aside = route.SetAside!;
        var attempt = Of(route, now, now);
        attempt.Outcome = AttemptOutcome.Skipped;
        attempt.Message = $"{(aside.Disabled ? "disabled" : "in cooldown")}{(aside.Reason is null ? "" : $": {aside.Reason}")}";
        attempt.RecoverTime = Timestamps.OfEnd(aside.Until);
    }

    public void Failed(Route route, UpstreamFailure failure, int retriesInPlace, DateTimeOffset began, DateTimeOffset now, DateTimeOffset? until)
    {
        var attempt = Of(route, began, now);
        attempt.Outcome = AttemptOutcome.Failed;
        attempt.Failure = Kind(failure.Kind);
        attempt.HttpStatus = failure.Status;
        attempt.ErrorType = failure.ErrorType ?? "";
        attempt.Message = failure.Message;
        attempt.RequestId = failure.RequestId ?? "";
        attempt.RetriesInPlace = retriesInPlace;
        attempt.RecoverTime = Timestamps.OfEnd(until);
    }

    public void Served(Route route, string requestId, int retriesInPlace, DateTimeOffset began, DateTimeOffset now)
    {
        var attempt = Of(route, began, now);
        attempt.Outcome = AttemptOutcome.Served;
        attempt.HttpStatus = 200;
        attempt.RequestId = requestId;
        attempt.RetriesInPlace = retriesInPlace;
        Receipt.ProfileId = route.ProfileId;
        Receipt.Model = route.ModelRef;
        Receipt.RequestId = requestId;
        Receipt.TimeToFirstEvent = Duration.FromTimeSpan(now - start);
    }

    public void Cancelled(Route route, DateTimeOffset began, DateTimeOffset now)
    {
        var attempt = Of(route, began, now);
        attempt.Outcome = AttemptOutcome.Cancelled;
        attempt.Failure = V1.FailureKind.Cancelled;
    }

    public Receipt Ended(Usage? usage, string stopReason, DateTimeOffset now)
    {
        Receipt.Usage = usage;
        Receipt.StopReason = stopReason;
        Receipt.Duration = Duration.FromTimeSpan(now - start);
        return Receipt;
    }

    public Receipt Interrupted(Usage? usage, DateTimeOffset now)
    {
        var last = Receipt.Attempts[^1];
        last.Outcome = AttemptOutcome.Interrupted;
        last.Failure = V1.FailureKind.Interrupted;
        return Ended(usage, "", now);
    }

    private static V1.FailureKind Kind(Core.Failures.FailureKind kind) => (V1.FailureKind)((int)kind + 1);

    private Attempt Of(Route route, DateTimeOffset began, DateTimeOffset now)
    {
        var attempt = new Attempt
        {
            ProfileId = route.ProfileId,
            Model = route.ModelRef,
            StartTime = Timestamp.FromDateTimeOffset(began),
            Duration = Duration.FromTimeSpan(now - began),
        };
        Receipt.Attempts.Add(attempt);
        return attempt;
    }
}
