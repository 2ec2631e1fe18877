using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Receipts on their way into messages. Callers print them: a key that was given as a model or a session is not in them, also
/// where upstream repeats it.
/// </summary>
internal static class ReceiptMapping
{
    public static Receipt ToMessage(Gateway.Receipt receipt)
    {
        var message = new Receipt
        {
            CompletionId = receipt.CompletionId,
            AgentId = receipt.AgentId,
            SessionId = SecretText.ForError(receipt.SessionId),
            Model = SecretText.ForError(receipt.Model),
            ProfileId = receipt.ProfileId,
            Sent = receipt.Sent is null ? null : ToMessage(receipt.Sent),
            Cache = receipt.Cache is null ? null : ToMessage(receipt.Cache),
            Usage = UsageMapping.ToUsage(receipt.Usage),
            Cost = receipt.Cost is null ? null : UsageMapping.ToCost(receipt.Cost),
            RequestId = receipt.RequestId,
            StopReason = receipt.StopReason,
            StartTime = Timestamp.FromDateTimeOffset(receipt.Start),
            TimeToFirstEvent = DurationOf(receipt.TimeToFirstEvent),
            Duration = DurationOf(receipt.Duration),
            StatusRevision = receipt.StatusRevision,
        };
        foreach (var attempt in receipt.Attempts)
            message.Attempts.Add(ToMessage(attempt));
        return message;
    }

    public static CacheRetention ToRetention(Retention? retention) =>
        retention is { } known ? ByName.To<Retention, CacheRetention>(known) : CacheRetention.Unspecified;

    private static Attempt ToMessage(Gateway.Attempt attempt) => new()
    {
        ProfileId = attempt.ProfileId,
        Model = SecretText.ForError(attempt.Model),
        Outcome = ByName.To<Gateway.AttemptOutcome, AttemptOutcome>(attempt.Outcome),
        Failure = attempt.Failure is { } failure
            ? ByName.To<Core.Routing.FailureKind, FailureKind>(failure)
            : FailureKind.Unspecified,
        HttpStatus = attempt.HttpStatus,
        ErrorType = SecretText.ForError(attempt.ErrorType),
        ErrorCode = SecretText.ForError(attempt.ErrorCode),
        Claim = SecretText.ForError(attempt.Claim),
        Message = SecretText.ForError(attempt.Message),
        RequestId = attempt.RequestId,
        RetriesInPlace = attempt.RetriesInPlace,
        StartTime = attempt.Start is { } start ? Timestamp.FromDateTimeOffset(start) : null,
        Duration = DurationOf(attempt.Duration),
        RecoverTime = Timestamps.OfEnd(attempt.RecoverTime),
    };

    private static SentRequest ToMessage(Gateway.SentRequest sent)
    {
        var message = new SentRequest { Url = sent.Url.ToString(), BodyBytes = sent.BodyBytes };
        foreach (var header in sent.Headers)
            message.Headers.Add(new Header { Name = header.Name, Value = header.Shown });
        return message;
    }

    private static CacheReceipt ToMessage(CachePlan plan)
    {
        var message = new CacheReceipt
        {
            Requested = ToRetention(plan.Requested),
            RequestedBy = plan.RequestedBy,
            Applied = ToRetention(plan.Applied),
            Reason = plan.Reason,
        };
        foreach (var breakpoint in plan.Breakpoints)
        {
            message.Breakpoints.Add(new V1.CacheBreakpoint
            {
                Path = breakpoint.Path,
                Ttl = breakpoint.Ttl == CacheTtl.OneHour ? "1h" : "5m",
                FromCaller = breakpoint.FromCaller,
            });
        }

        return message;
    }

    private static Duration? DurationOf(TimeSpan? span) => span is { } known ? Duration.FromTimeSpan(known) : null;
}
