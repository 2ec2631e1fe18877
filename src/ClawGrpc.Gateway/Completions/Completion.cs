using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.V1;
using ApiKeyCredential = ClawGrpc.Core.StateFiles.ApiKeyCredential;
using FailureKind = ClawGrpc.Core.Routing.FailureKind;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// The way of one completion to its commit (design: "One streaming completion", steps 3 to 7): routes in order, each opened until one
/// bears content. Up to there a failing route is replaced and the caller sees nothing of it; from there on nothing is ever replayed.
/// </summary>
internal sealed class Completion(AnthropicApi upstream, SessionPins pins, TimeProvider time)
{
    private const int MaxRetriesInPlace = 2;
    private static readonly TimeSpan RetriesInPlaceWithin = TimeSpan.FromSeconds(1.5);

    /// <summary>Opens the answer on the first route that serves.</summary>
    /// <exception cref="RefusedException">No route could serve; the last column of the failure table.</exception>
    public async Task<OpenedCompletion> OpenAsync(CompletionCall call, CancellationToken cancellation)
    {
        var (route, request, answer, log, began) = await AskAsync(call, new Errand<AnswerStream>(call.Kitchen.Prepare, (route, request, stop) => BeginAsync(call, route, request, stop), Moves.Health), cancellation);
        var now = time.GetUtcNow();
        call.Agent.RateLimits.See(route.ProfileId, answer.Headers, now);
        call.Agent.Record(route.ProfileId, new Served(route.ModelRef, began, now));
        pins.Pin(call.Agent.Id, call.SessionId, route.ProfileId);
        return new OpenedCompletion(call, route, request, answer, log, time, cancellation);
    }

    /// <summary>Counts the prompt's tokens on the first route that can; its success moves nothing.</summary>
    /// <exception cref="RefusedException">As <see cref="OpenAsync"/>.</exception>
    public async Task<(long InputTokens, Route Route)> CountAsync(CompletionCall call, CancellationToken cancellation)
    {
        var counted = await AskAsync(call, new Errand<TokenCount>(call.Kitchen.PrepareCount, CountAsync, Moves.HealthButForRateLimits), cancellation);
        return (counted.Answer.InputTokens, counted.Route);
    }

    /// <summary>The receipt that <see cref="OpenAsync"/> would begin with: its own way up to the first send, and no further.</summary>
    /// <exception cref="RefusedException">As <see cref="OpenAsync"/> before it sends.</exception>
    public Receipt Plan(CompletionCall call)
    {
        var (routes, log) = Choose(call);
        var problems = new List<(string ProfileId, LoginProblem Problem)>();
        foreach (var route in Open(routes, log))
        {
            var now = time.GetUtcNow();
            var (token, problem, isDue) = StoredTokenOf(call, route);
            if (token is not null)
            {
                call.Kitchen.Prepare(route.Model, token).WriteTo(log.Receipt);
                return log.Planned(route, isDue ? "the login would be refreshed first" : "");
            }

            log.SkippedAsExpired(route, problem!, now, now);
            problems.Add((route.ProfileId, problem!));
        }

        throw FailureStatus.Of(problems, time.GetUtcNow(), log.Ended("", time.GetUtcNow())).ToException();
    }

    /// <summary>Takes an errand to the first route that answers it.</summary>
    /// <exception cref="RefusedException">As <see cref="OpenAsync"/>.</exception>
    public async Task<ServedBy<T>> AskAsync<T>(Call call, Errand<T> errand, CancellationToken cancellation)
        where T : class
    {
        var (routes, log) = Choose(call);
        var failures = new List<(string ProfileId, UpstreamFailure Failure)>();
        var problems = new List<(string ProfileId, LoginProblem Problem)>();
        foreach (var route in Open(routes, log))
        {
            var asked = time.GetUtcNow();
            if (failures.Count > 0 && FoundUseless(call, route, failures, asked) is { } aside)
            {
                log.Skipped(route with { SetAside = aside }, asked);
                continue;
            }

            var token = await TokenOf(call, route, cancellation);
            if (token.Token is not { } credential)
            {
                log.SkippedAsExpired(route, token.Problem!, asked, time.GetUtcNow());
                problems.Add((route.ProfileId, token.Problem!));
                continue;
            }

            var (served, failure, problem) = await TryAsync(call, errand, route, credential, log, cancellation);
            if (served is not null)
                return served;
            if (problem is not null)
            {
                problems.Add((route.ProfileId, problem));
                continue;
            }

            failures.Add((route.ProfileId, failure!));
            if (!failure!.Row.TriesNext || failures.Count >= call.Setup.MaxAttempts)
                break;
        }

        if (failures.Count == 0)
            throw FailureStatus.Of(problems, time.GetUtcNow(), log.Ended("", time.GetUtcNow())).ToException();
        var now = time.GetUtcNow();
        throw FailureStatus.Of(failures, SoonestOf(call, routes, failures, now), now, log.Ended("", now)).ToException();
    }

    private (Routes Routes, ReceiptLog Log) Choose(Call call)
    {
        var start = time.GetUtcNow();
        var log = new ReceiptLog(call.NewReceipt(start), start);
        var question = call.Question with { PreferredProfile = pins.Find(call.Agent.Id, call.SessionId) };
        var routes = Routes.Of(call.Agent.Store, call.Setup.Auth, call.Setup.FallbackKey, question, start);
        if (routes.Problem == NoRoute.None)
            return (routes, log);
        foreach (var route in routes.All)
            log.Skipped(route, start);
        throw FailureStatus.Of(routes, question, call.Agent, start, log.Ended("", start)).ToException();
    }

    // The routes that are not set aside; the receipt says why the others are passed over.
    private static IEnumerable<Route> Open(Routes routes, ReceiptLog log)
    {
        foreach (var route in routes.All)
        {
            if (route.SetAside is null)
                yield return route;
            else
                log.Skipped(route, log.Start);
        }
    }

    // A profile that this very call has found to be of no use is not asked for its other models: it would fail and count once more.
    private static SetAside? FoundUseless(Call call, Route route, List<(string ProfileId, UpstreamFailure Failure)> failures, DateTimeOffset now) =>
        failures.Exists(each => each.ProfileId == route.ProfileId && each.Failure.SetsAside == SetsAside.Profile)
            ? SetAside.Of(call.Agent.StoreOrEmpty.HealthOf(route.ProfileId), route.ModelRef, now)
            : null;

    // A key that is no profile has no cooldown: then what upstream said counts, or the first step of the ladder.
    private static DateTimeOffset SoonestOf(
        Call call, Routes routes, List<(string ProfileId, UpstreamFailure Failure)> failures, DateTimeOffset now)
    {
        var store = call.Agent.StoreOrEmpty;
        return Routes.SoonestOf(routes.All.Select(route => route with { SetAside = SetAside.Of(store.HealthOf(route.ProfileId), route.ModelRef, now) }))
            ?? failures.Min(each => each.Failure.Until) ?? now + call.Setup.Health.Step(1);
    }

    private async Task<(ServedBy<T>?, UpstreamFailure?, LoginProblem?)> TryAsync<T>(
        Call call, Errand<T> errand, Route route, Secret credential, ReceiptLog log, CancellationToken cancellation)
        where T : class
    {
        var began = time.GetUtcNow();
        var request = errand.Prepare(route.Model, credential);
        request.WriteTo(log.Receipt);
        var isRenewed = false;
        for (var retries = 0; ; retries++)
        {
            var (answer, failure, requestId) = await SendAsync(call, errand, route, request, log, began, cancellation);
            var now = time.GetUtcNow();
            if (answer is not null)
            {
                log.Served(route, requestId, retries, began, now);
                return (new ServedBy<T>(route, request, answer, log, began), null, null);
            }

            // A login that is refused before its end may have been replaced elsewhere: one refresh, one more try, and no more.
            if (failure!.Status == 401 && !isRenewed && route.Profile is { Credential: OAuthCredential } login)
            {
                var (renewed, problem) = await call.Agent.Logins.TokenAsync(login, credential, cancellation);
                if (renewed is not null && renewed != credential)
                {
                    log.Failed(route, failure with { Message = $"{failure.Message} The token was refreshed." }, retries, began, now, null);
                    (isRenewed, credential, began, retries) = (true, renewed, time.GetUtcNow(), -1);
                    request = errand.Prepare(route.Model, credential);
                    request.WriteTo(log.Receipt);
                    continue;
                }

                if (problem is not null)
                    failure = failure with { Message = $"{failure.Message} {problem.Message}" };
                if (problem?.RetryAt is { } retry)
                {
                    log.Failed(route, failure, retries, began, now, retry);
                    return (null, null, problem);
                }
            }

            if (!failure!.Row.RetriesInPlace || failure.ForbidsRepeat || retries == MaxRetriesInPlace)
                return (null, Fail(call, route, log, failure, retries, began, errand.Moves), null);
            var pause = PauseBefore(retries + 1);
            if (now + pause - began > RetriesInPlaceWithin)
                return (null, Fail(call, route, log, failure, retries, began, errand.Moves), null);
            await Task.Delay(pause, time, cancellation);
        }
    }

    private async Task<Tried<T>> SendAsync<T>(
        Call call, Errand<T> errand, Route route, PreparedRequest request, ReceiptLog log, DateTimeOffset began, CancellationToken cancellation)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // Disposed without waiting, it might still fire on a source that is gone, and take the process down.
        await using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, call.Setup.FirstEvent, Timeout.InfiniteTimeSpan);
        try
        {
            var tried = await errand.TryAsync(route, request, patience.Token);
            return tried.Failure is { } failure ? new Tried<T>(null, failure with { Message = request.WithoutSecrets(failure.Message) }) : tried;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Tried<T>(null, new UpstreamFailure(FailureKind.TimedOut, $"No first event came within {call.Setup.FirstEvent.TotalSeconds:0.#} s."));
        }
        catch (OperationCanceledException)
        {
            log.Cancelled(route, began, time.GetUtcNow());
            throw;
        }
    }

    private Task<Tried<TokenCount>> CountAsync(Route route, PreparedRequest request, CancellationToken cancellation) =>
        upstream.FetchAsync(request, TokenCount.Read, cancellation);

    private async Task<Tried<AnswerStream>> BeginAsync(CompletionCall call, Route route, PreparedRequest request, CancellationToken cancellation)
    {
        var (answer, failure, requestId) = await upstream.SendAsync(request, cancellation);
        var begun = false;
        try
        {
            failure ??= await answer!.BeginAsync(cancellation);
            begun = failure is null;
            return begun ? new Tried<AnswerStream>(answer, null, requestId) : new Tried<AnswerStream>(null, failure);
        }
        finally
        {
            if (answer is not null && !begun)
            {
                if (answer.CountedBefore is { } counted)
                    call.Agent.Usage.AddAbandoned(route, counted, request.CostOf(counted, route.Model, route.Model, call.Setup.Prices));
                await answer.DisposeAsync();
            }
        }
    }

    private UpstreamFailure Fail(
        Call call, Route route, ReceiptLog log, UpstreamFailure failure, int retries, DateTimeOffset began, Moves moves)
    {
        if (moves == Moves.Nothing || (moves == Moves.HealthButForRateLimits && failure.Kind == FailureKind.RateLimited))
            failure = failure with { SetsAside = SetsAside.Nothing };
        var now = time.GetUtcNow();
        if (route.ProfileId.Length > 0)
            call.Agent.Record(route.ProfileId, new Failed(route.ModelRef, began, now, failure));
        var aside = failure.SetsAside == SetsAside.Nothing ? null : SetAside.Of(call.Agent.StoreOrEmpty.HealthOf(route.ProfileId), route.ModelRef, now);
        log.Failed(route, failure, retries, began, now, aside?.Until);
        return failure;
    }

    // Jittered, so that callers who failed together do not come back together.
    private static TimeSpan PauseBefore(int retry) => TimeSpan.FromMilliseconds(250 * retry * (0.5 + Random.Shared.NextDouble()));

    private static ValueTask<AccessToken> TokenOf(Call call, Route route, CancellationToken cancellation) => route.Profile?.Credential switch
    {
        null => new(new AccessToken(route.FallbackKey!.Key, null)),
        ApiKeyCredential key => new(new AccessToken(key.Key, null)),
        TokenCredential token => new(new AccessToken(token.Token, null)),
        _ => call.Agent.Logins.TokenAsync(route.Profile, null, cancellation),
    };

    // Nobody is asked for a plan: a login that a completion would have refreshed is shown with the token it has.
    private static (Secret? Token, LoginProblem? Problem, bool IsDue) StoredTokenOf(Call call, Route route) => route.Profile?.Credential switch
    {
        null => (route.FallbackKey!.Key, null, false),
        ApiKeyCredential key => (key.Key, null, false),
        TokenCredential token => (token.Token, null, false),
        _ => call.Agent.Logins.Stored(route.Profile),
    };
}
