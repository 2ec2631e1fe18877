using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// The way of a call to the route that serves it: the routes in order, on each
/// an attempt, repeated in place or with a renewed login if its failure allows. Until a route serves, the caller sees nothing of
/// those that failed; from then on nothing is ever replayed.
/// </summary>
internal sealed class Completion(AnthropicApi upstream, TimeProvider time, ILogger<Completion> logger)
{
    private const int MaxRetriesInPlace = 2;
    private const int Unauthorized = 401;
    private static readonly TimeSpan RetriesInPlaceWithin = TimeSpan.FromSeconds(1.5);

    /// <summary>Asks upstream by the first route that serves.</summary>
    /// <returns>The result, or the refusal that the failure table has for the failures of the routes.</returns>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task<CallResult<TResult>> AskAsync<TAnswer, TResult>(
        UpstreamCall<TAnswer, TResult> call, CancellationToken caller)
    {
        var start = time.GetUtcNow();
        var log = new ReceiptLog(call.Agent, call.SessionId, call.Question.Models[0], start, logger);
        var routes = Routes.Of(call.Agent.Profiles.Readable, call.Setup.Auth, call.Setup.FallbackKey, call.Question, start);
        var failures = new RouteFailures();
        using var patience = new Patience(time, caller);
        foreach (var route in routes.All)
        {
            var result = route.SetAside is { } aside
                ? new AttemptResult<TResult>.SetAside(aside)
                : await TryAsync(call, route, log, patience);
            switch (result)
            {
                case AttemptResult<TResult>.SetAside skipped:
                    failures.Add(route, skipped.Why);
                    log.Skipped(route, skipped.Why, failures.IsEmpty ? start : time.GetUtcNow());
                    continue;
                case AttemptResult<TResult>.Served served:
                    return new CallResult<TResult>.Served(served.Answer);
                case AttemptResult<TResult>.NoToken without:
                    failures.Add(route, without.Problem);
                    continue;
                case AttemptResult<TResult>.Failed failed:
                    failures.Add(route, failed.Failure);
                    if (failed.Failure.Row.TriesNext && failures.Count < call.Setup.MaxAttempts)
                        continue;
                    break;
            }

            break;
        }

        // Others set the last routes aside after they were chosen: chosen again, there is none.
        if (failures.IsEmpty && routes.Problem == NoRoute.None)
            return await AskAsync(call, caller);
        var now = time.GetUtcNow();
        var refusal = CallRefusals.Of(call.Agent, call.Question, call.Setup.Health, routes, failures, log, now);
        return new CallResult<TResult>.Refused(refusal);
    }

    // One route: the attempt, and a second one if upstream refuses the token of a login that can be renewed.
    private async Task<AttemptResult<TResult>> TryAsync<TAnswer, TResult>(
        UpstreamCall<TAnswer, TResult> call, Route route, ReceiptLog log, Patience patience)
    {
        var start = time.GetUtcNow();
        if (AsideOf(call, route, start) is { } before)
            return new AttemptResult<TResult>.SetAside(before);
        var (token, problem) = await call.TokenAsync(route, patience.Caller);
        if (token is null)
        {
            log.WithoutToken(route, problem!, start, time.GetUtcNow());
            return new AttemptResult<TResult>.NoToken(problem!);
        }

        // Asked after the beginning is fixed: a failure that is recorded from now on is of the same burst, and so is one that was
        // recorded before and is not seen yet.
        var began = time.GetUtcNow();
        var known = call.Agent.Profiles.Effective.HealthOf(route.ProfileId).LastFailureAt ?? DateTimeOffset.MinValue;
        if (AsideOf(call, route, began) is { } aside)
            return new AttemptResult<TResult>.SetAside(aside);
        var (result, failed) = await AttemptAsync(call, route, token, began, log, patience);

        // Another program may have replaced the login since.
        if (failed is { Failure.Status: Unauthorized } && route.Profile is { Credential: OAuthCredential } login)
        {
            (var renewed, problem) = await call.Agent.Logins.TokenAsync(login, token, patience.Caller);
            if (renewed is not null && renewed != token)
            {
                log.Failed(route, failed.Saying("The token was refreshed."), null);
                (result, failed) = await AttemptAsync(call, route, renewed, time.GetUtcNow(), log, patience);
            }
            else if (problem is not null)
            {
                failed = failed.Saying(problem.Message);
                if (problem.RetryAt is { } retry)
                {
                    log.Failed(route, failed, retry);
                    return new AttemptResult<TResult>.NoToken(problem);
                }
            }
        }

        return result ?? new AttemptResult<TResult>.Failed(Fail(call, route, log, failed!, known));
    }

    // The attempt and its repeats in place: what served, or how the last one failed.
    private async Task<(AttemptResult<TResult>? Result, FailedAttempt? Failed)> AttemptAsync<TAnswer, TResult>(
        UpstreamCall<TAnswer, TResult> call, Route route, Secret token, DateTimeOffset began, ReceiptLog log, Patience patience)
    {
        var request = log.Prepared(call.Prepare(route.Model, token));
        for (var retries = 0; ; retries++)
        {
            var result = await call.SendAsync(upstream, request, patience);
            var now = time.GetUtcNow();
            if (result is AttemptResult<TAnswer>.Served served)
            {
                var attempt = new ServedAttempt<TAnswer>(
                    route, request, served.Answer, served.RequestId, log, began, now, retries, patience.Caller);
                return (new AttemptResult<TResult>.Served(call.ResultOf(attempt), served.RequestId), null);
            }

            var failure = FailureOf(call, route, request, result, patience.Caller);
            if (failure.WasUnanswered && !request.OnNewConnection)
            {
                // A kept connection may have been closed while it rested.
                request = request with { OnNewConnection = true };
                continue;
            }

            if (PauseBeforeRepeat(failure, retries, now - began) is not { } pause)
                return (null, new FailedAttempt(failure, retries, began, now));
            await Task.Delay(pause, time, patience.Caller);
        }
    }

    // What upstream counted before an attempt was given up is used and paid for, and what it says of its limits holds.
    private UpstreamFailure FailureOf<TAnswer, TResult>(
        UpstreamCall<TAnswer, TResult> call,
        Route route,
        UpstreamRequest request,
        AttemptResult<TAnswer> result,
        CancellationToken caller)
    {
        var (failure, counted, headers) = result switch
        {
            AttemptResult<TAnswer>.Failed failed => (failed.Failure, failed.Counted, failed.Headers),
            AttemptResult<TAnswer>.CallerLeft left => (null, left.Counted, AnswerHeaders.None),
            _ => throw new InvalidOperationException($"Unknown result {result.GetType().Name}."),
        };
        if (counted is not null)
        {
            var cost = Cost.Of(counted, route.Model, route.Model, request.Cache?.HasOneHour == true, call.Setup.Prices);
            call.Agent.Usage.AddAbandoned(call.Client, route, counted, cost);
            call.Purse?.Charge(cost.Total, counted.AllTokens);
        }

        if (call.HealthEffect == HealthEffect.All)
            call.Agent.RateLimits.See(route.ProfileId, headers, time.GetUtcNow());
        return failure ?? throw new OperationCanceledException(caller);
    }

    private UpstreamFailure Fail<TAnswer, TResult>(
        UpstreamCall<TAnswer, TResult> call, Route route, ReceiptLog log, FailedAttempt failed, DateTimeOffset known)
    {
        var failure = failed.Failure;
        var hasNoEffect = call.HealthEffect == HealthEffect.None
            || (call.HealthEffect == HealthEffect.AllButRateLimits && failure.Kind == FailureKind.RateLimited);
        if (hasNoEffect)
            failure = failure with { SetsAside = SetsAside.Nothing };
        var now = time.GetUtcNow();
        if (route.ProfileId.Length > 0)
            call.Agent.Record(route.ProfileId, new Failed(route.ModelRef, failed.Began, now, failure) { Known = known });
        var aside = failure.SetsAside == SetsAside.Nothing
            ? null
            : SetAside.Of(call.Agent.Profiles.Effective.HealthOf(route.ProfileId), route.ModelRef, now);
        log.Failed(route, failed with { Failure = failure }, aside?.Until);
        return failure;
    }

    // Whether this call or another one has set the route aside since the routes were chosen: what fails then would count once
    // more. A profile that the call names is tried in spite of its cooldown.
    private static SetAside? AsideOf<TAnswer, TResult>(UpstreamCall<TAnswer, TResult> call, Route route, DateTimeOffset now) =>
        call.Question.StrictProfile is null
            ? SetAside.Of(call.Agent.Profiles.Effective.HealthOf(route.ProfileId), route.ModelRef, now)
            : null;

    // Jittered, so that callers who failed together do not come back together. Null if the route is not worth a repeat.
    private static TimeSpan? PauseBeforeRepeat(UpstreamFailure failure, int retries, TimeSpan spent)
    {
        if (!failure.Row.RetriesInPlace || failure.ForbidsRepeat || retries == MaxRetriesInPlace)
            return null;
        var pause = TimeSpan.FromMilliseconds(250 * (retries + 1) * (0.5 + Random.Shared.NextDouble()));
        return spent + pause > RetriesInPlaceWithin ? null : pause;
    }
}

/// <summary>How an attempt failed, after its repeats in place.</summary>
/// <param name="Failure">The last failure.</param>
/// <param name="Retries">How often it was repeated.</param>
/// <param name="Began">When the first try began.</param>
/// <param name="Ended">When the last try failed.</param>
internal sealed record FailedAttempt(UpstreamFailure Failure, int Retries, DateTimeOffset Began, DateTimeOffset Ended)
{
    /// <summary>The same with one more sentence.</summary>
    public FailedAttempt Saying(string sentence) =>
        this with { Failure = Failure with { Message = $"{Sentence.Of(Failure.Message)} {sentence}" } };
}
