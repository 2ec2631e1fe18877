using ClawGrpc.Core.Routing;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Writes a completion's receipt as it goes along.</summary>
internal sealed class ReceiptLog(Receipt receipt, DateTimeOffset start)
{
    public Receipt Receipt { get; } = receipt;

    public DateTimeOffset Start => start;

    public void SkippedAsExpired(Route route, LoginProblem problem, DateTimeOffset began, DateTimeOffset now)
    {
        var attempt = Of(route, began, now);
        attempt.Outcome = AttemptOutcome.Skipped;
        attempt.Message = problem.Message;
        attempt.RecoverTime = Timestamps.OrUnset(problem.RetryAt);
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
        attempt.ErrorCode = failure.ErrorCode ?? "";
        attempt.Claim = failure.Claim ?? "";
        attempt.Message = failure.Message;
        attempt.RequestId = failure.RequestId ?? "";
        attempt.RetriesInPlace = retriesInPlace;
        attempt.RecoverTime = Timestamps.OfEnd(until);
    }

    /// <summary>Nothing was sent, so there is no completion to name and no time that anything took.</summary>
    public Receipt Planned(Route route, string message)
    {
        Receipt.Attempts.Add(new Attempt { ProfileId = route.ProfileId, Model = route.ModelRef, Outcome = AttemptOutcome.Planned, Message = message });
        Receipt.CompletionId = "";
        Receipt.ProfileId = route.ProfileId;
        Receipt.Model = route.ModelRef;
        return Receipt;
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

    public void Counted(Usage? usage, Cost cost) => (Receipt.Usage, Receipt.Cost) = (usage, cost);

    public Receipt Ended(string stopReason, DateTimeOffset now)
    {
        Receipt.StopReason = stopReason;
        Receipt.Duration = Duration.FromTimeSpan(now - start);
        return Receipt;
    }

    public Receipt Interrupted(DateTimeOffset now)
    {
        var last = Receipt.Attempts[^1];
        last.Outcome = AttemptOutcome.Interrupted;
        last.Failure = V1.FailureKind.Interrupted;
        return Ended("", now);
    }

    private static V1.FailureKind Kind(Core.Routing.FailureKind kind) => (V1.FailureKind)((int)kind + 1);

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
