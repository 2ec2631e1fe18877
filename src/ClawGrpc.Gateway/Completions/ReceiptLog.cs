using System.Globalization;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Notes what a call does, logs each attempt that fails, and makes the receipt in the end.</summary>
internal sealed partial class ReceiptLog(Agent agent, string sessionId, string model, DateTimeOffset start, ILogger log)
{
    private readonly List<Attempt> _attempts = new(1);
    private readonly long _revision = agent.Feed.Current.Number;
    private UpstreamRequest? _request;
    private TimeSpan? _timeToFirstEvent;
    private UsageCount? _usage;
    private Cost? _cost;

    /// <summary>Names the completion.</summary>
    public string CompletionId { get; } = NewId(start);

    /// <summary>The model that serves, else the one that was asked for, as <c>provider/model</c>.</summary>
    public string Model { get; private set; } = $"{Provider.Anthropic}/{model}";

    /// <summary>The profile that serves; empty if none does, or a key that belongs to no profile.</summary>
    public string ProfileId { get; private set; } = "";

    /// <summary>Upstream's name of the answer; empty if none came.</summary>
    public string RequestId { get; private set; } = "";

    /// <summary>How many routes were tried so far.</summary>
    public int Count => _attempts.Count(static attempt => attempt.Outcome != AttemptOutcome.Skipped);

    /// <summary>Notes the request of the attempt that begins.</summary>
    public UpstreamRequest Prepared(UpstreamRequest request) => _request = request;

    public void Skipped(Route route, SetAside aside, DateTimeOffset now) => _attempts.Add(
        new Attempt(route.ProfileId, route.ModelRef, AttemptOutcome.Skipped)
        {
            Start = now,
            Duration = TimeSpan.Zero,
            Message = $"{(aside.Disabled ? "disabled" : "in cooldown")}{(aside.Reason is null ? "" : $": {aside.Reason}")}",
            RecoverTime = aside.Until,
        });

    public void WithoutToken(Route route, LoginProblem problem, DateTimeOffset began, DateTimeOffset now) => _attempts.Add(
        new Attempt(route.ProfileId, route.ModelRef, AttemptOutcome.Skipped)
        {
            Start = began,
            Duration = now - began,
            Message = problem.Message,
            RecoverTime = problem.RetryAt,
        });

    public void Failed(Route route, FailedAttempt attempt, DateTimeOffset? until)
    {
        var failed = new Attempt(route.ProfileId, route.ModelRef, AttemptOutcome.Failed)
        {
            Start = attempt.Began,
            Duration = attempt.Ended - attempt.Began,
            Failure = attempt.Failure.Kind,
            HttpStatus = attempt.Failure.Status,
            ErrorType = attempt.Failure.ErrorType ?? "",
            ErrorCode = attempt.Failure.ErrorCode ?? "",
            Claim = attempt.Failure.Claim ?? "",
            Message = attempt.Failure.Message,
            RequestId = attempt.Failure.RequestId ?? "",
            RetriesInPlace = attempt.Retries,
            RecoverTime = until,
        };
        _attempts.Add(failed);
        Log(failed, attempt.Failure.SetsAside == SetsAside.Nothing ? LogLevel.Information : LogLevel.Warning);
    }

    public void Served(Route route, string requestId, int retries, DateTimeOffset began, DateTimeOffset now)
    {
        _attempts.Add(new Attempt(route.ProfileId, route.ModelRef, AttemptOutcome.Served)
        {
            Start = began,
            Duration = now - began,
            HttpStatus = 200,
            RequestId = requestId,
            RetriesInPlace = retries,
        });
        (ProfileId, Model, RequestId, _timeToFirstEvent) = (route.ProfileId, route.ModelRef, requestId, now - start);
    }

    /// <summary>Nothing was sent, so there is no completion to name and no time that anything took.</summary>
    public Receipt Planned(Route route, string message)
    {
        _attempts.Add(new Attempt(route.ProfileId, route.ModelRef, AttemptOutcome.Planned) { Message = message });
        (ProfileId, Model) = (route.ProfileId, route.ModelRef);
        return Receipt("") with { CompletionId = "" };
    }

    public void Counted(UsageCount usage, Cost cost) => (_usage, _cost) = (usage, cost);

    public Receipt Ended(string stopReason, DateTimeOffset now) => Receipt(stopReason) with { Duration = now - start };

    public Receipt Interrupted(DateTimeOffset now)
    {
        _attempts[^1] = _attempts[^1] with { Outcome = AttemptOutcome.Interrupted, Failure = FailureKind.Interrupted };
        Log(_attempts[^1], LogLevel.Warning);
        return Ended("", now);
    }

    private Receipt Receipt(string stopReason) => new()
    {
        CompletionId = CompletionId,
        AgentId = agent.Id,
        SessionId = sessionId,
        Model = Model,
        ProfileId = ProfileId,
        Attempts = [.. _attempts],
        Sent = _request is null ? null : new SentRequest(_request.Url, _request.Headers, _request.Body.Length),
        Cache = _request?.Cache,
        Usage = _usage,
        Cost = _cost,
        RequestId = RequestId,
        StopReason = stopReason,
        Start = start,
        TimeToFirstEvent = _timeToFirstEvent,
        StatusRevision = _revision,
    };

    // A UUID of version 7. It is no secret, and the cryptographic random numbers cost a system call each.
    private static string NewId(DateTimeOffset start)
    {
        var high = (start.ToUnixTimeMilliseconds() << 16) | 0x7000 | Random.Shared.NextInt64(0x1000);
        var low = (1L << 63) | Random.Shared.NextInt64(1L << 62);
        return string.Create(CultureInfo.InvariantCulture, $"cmpl_{high:x16}{low:x16}");
    }

    // Without upstream's words: they may quote the prompt.
    private void Log(Attempt failed, LogLevel level)
    {
        if (!log.IsEnabled(level))
            return;
        var (profile, model) = (SecretText.ForLog(failed.ProfileId), SecretText.ForLog(failed.Model));
        var (error, request) = (OrNone(failed.ErrorType), OrNone(failed.RequestId));
        var until = OrNone(failed.RecoverTime?.ToString("O", CultureInfo.InvariantCulture));
        LogFailed(
            log, level, agent.Id, profile, model, failed.Failure!.Value, failed.HttpStatus, error, request, CompletionId, until);
    }

    private static string OrNone(string? text) => string.IsNullOrEmpty(text) ? "none" : text;

    [LoggerMessage(EventId = 70, Message =
        "An attempt failed: agent {AgentId}, profile {ProfileId}, model {Model}: {Failure}, HTTP status {HttpStatus}, "
        + "error {ErrorType}, request {RequestId} of {CompletionId}, set aside until {SetAsideUntil}")]
    private static partial void LogFailed(
        ILogger log, LogLevel level, string agentId, string profileId, string model, FailureKind failure, int httpStatus,
        string errorType, string requestId, string completionId, string setAsideUntil);
}
