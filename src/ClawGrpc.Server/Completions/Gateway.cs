using ClawGrpc.Core;
using ClawGrpc.Core.Failures;
using ClawGrpc.Core.Profiles;
using ClawGrpc.Core.Selection;
using ClawGrpc.Server.Errors;
using FailureKind = ClawGrpc.Core.Failures.FailureKind;

namespace ClawGrpc.Server.Completions;

/// <summary>
/// The way of one completion to its commit (design: "One streaming completion", steps 3 to 7): routes in order, each opened until one
/// bears content. Up to there a failing route is replaced and the caller sees nothing of it; from there on nothing is ever replayed.
/// </summary>
internal sealed class Gateway(Upstream upstream, SessionPins pins, TimeProvider time)
{
    private const int MaxRetriesInPlace = 2;
    private static readonly TimeSpan RetriesInPlaceWithin = TimeSpan.FromSeconds(1.5);

    /// <summary>Opens the answer on the first route that serves.</summary>
    /// <exception cref="ClawException">No route could serve; the last column of the failure table.</exception>
    public async Task<OpenedCompletion> OpenAsync(CompletionCall call, CancellationToken cancellation)
    {
        var start = time.GetUtcNow();
        var log = new ReceiptLog(call.NewReceipt(start), start);
        var question = call.Question with { PreferredProfile = pins.Find(call.Agent.Id, call.SessionId) };
        var store = call.Agent.Store;
        var routes = Routes.Of(store, call.Setup.Auth, call.Setup.LooseKey, question, start);
        if (routes.Problem != NoRoute.None)
        {
            foreach (var route in routes.All)
                log.Skipped(route, start);
            throw FailureStatus.Of(routes, question, call.Agent, start, log.Ended(null, "", start));
        }

        var failures = new List<(string ProfileId, UpstreamFailure Failure)>();
        var expired = "";
        foreach (var listed in routes.All)
        {
            var route = Looked(call, listed, failures, time.GetUtcNow());
            if (route.SetAside is not null)
            {
                log.Skipped(route, start);
                continue;
            }

            if (CredentialOf(route, time.GetUtcNow()) is not { } credential)
            {
                log.SkippedAsExpired(route, time.GetUtcNow());
                expired = route.ProfileId;
                continue;
            }

            var (opened, failure) = await TryAsync(call, route, credential, log, cancellation);
            if (opened is not null)
            {
                pins.Pin(call.Agent.Id, call.SessionId, route.ProfileId);
                return opened;
            }

            failures.Add((route.ProfileId, failure!));
            if (!failure!.Row.TriesNext || failures.Count >= call.Setup.MaxAttempts)
                break;
        }

        var now = time.GetUtcNow();
        if (failures.Count == 0)
            throw FailureStatus.Expired(expired, log.Ended(null, "", now));
        throw FailureStatus.Of(failures, SoonestOf(call, routes, failures, now), now, log.Ended(null, "", now));
    }

    // A profile that this very call has found to be of no use is not asked for its other models: it would fail and count once more.
    private static Route Looked(CompletionCall call, Route route, List<(string ProfileId, UpstreamFailure Failure)> failures, DateTimeOffset now) =>
        failures.Exists(each => each.ProfileId == route.ProfileId && each.Failure.SetsAside == SetsAside.Profile)
            ? route with { SetAside = SetAside.Of(call.Agent.StoreOrEmpty.HealthOf(route.ProfileId), route.ModelRef, now) }
            : route;

    // A key that is no profile has no cooldown: then what upstream said counts, or the first step of the ladder.
    private static DateTimeOffset SoonestOf(
        CompletionCall call, Routes routes, List<(string ProfileId, UpstreamFailure Failure)> failures, DateTimeOffset now)
    {
        var store = call.Agent.StoreOrEmpty;
        return Routes.SoonestOf(routes.All.Select(route => route with { SetAside = SetAside.Of(store.HealthOf(route.ProfileId), route.ModelRef, now) }))
            ?? failures.Min(each => each.Failure.Until) ?? now + call.Setup.Health.Step(1);
    }

    private async Task<(OpenedCompletion?, UpstreamFailure?)> TryAsync(
        CompletionCall call, Route route, Secret credential, ReceiptLog log, CancellationToken cancellation)
    {
        var began = time.GetUtcNow();
        var request = call.Kitchen.Prepare(route.Model, credential);
        request.WriteTo(log.Receipt);
        for (var retries = 0; ; retries++)
        {
            var (answer, failure) = await SendAsync(call, route, request, log, began, cancellation);
            var now = time.GetUtcNow();
            if (answer is not null)
            {
                call.Agent.RateLimits.See(route.ProfileId, answer.Headers, now);
                call.Agent.Record(route.ProfileId, new Served(route.ModelRef, began, now));
                log.Served(route, answer.RequestId, retries, began, now);
                return (new OpenedCompletion(call, route, request, answer, log, time, cancellation), null);
            }

            if (!failure!.Row.RetriesInPlace || failure.ForbidsRepeat || retries == MaxRetriesInPlace)
                return (null, Fail(call, route, log, failure, retries, began));
            var pause = PauseBefore(retries + 1);
            if (now + pause - began > RetriesInPlaceWithin)
                return (null, Fail(call, route, log, failure, retries, began));
            await Task.Delay(pause, time, cancellation);
        }
    }

    private async Task<(AnswerStream?, UpstreamFailure?)> SendAsync(
        CompletionCall call, Route route, PreparedRequest request, ReceiptLog log, DateTimeOffset began, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // Disposed without waiting, it might still fire on a source that is gone, and take the process down.
        await using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, call.Setup.FirstEvent, Timeout.InfiniteTimeSpan);
        AnswerStream? answer = null;
        try
        {
            (answer, var failure) = await upstream.SendAsync(request.Url, request.Headers, request.Body, patience.Token);
            failure ??= await answer!.BeginAsync(patience.Token);
            if (failure is null)
                return (Interlocked.Exchange(ref answer, null), null);
            return (null, failure with { Message = request.WithoutSecrets(failure.Message) });
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, new UpstreamFailure(FailureKind.TimedOut, $"No first event came within {call.Setup.FirstEvent.TotalSeconds:0.#} s."));
        }
        catch (OperationCanceledException)
        {
            log.Cancelled(route, began, time.GetUtcNow());
            throw;
        }
        finally
        {
            if (answer is not null)
                await answer.DisposeAsync();
        }
    }

    private UpstreamFailure Fail(CompletionCall call, Route route, ReceiptLog log, UpstreamFailure failure, int retries, DateTimeOffset began)
    {
        var now = time.GetUtcNow();
        if (route.ProfileId.Length > 0)
            call.Agent.Record(route.ProfileId, new Failed(route.ModelRef, began, now, failure));
        var aside = failure.SetsAside == SetsAside.Nothing ? null : SetAside.Of(call.Agent.StoreOrEmpty.HealthOf(route.ProfileId), route.ModelRef, now);
        log.Failed(route, failure, retries, began, now, aside?.Until);
        return failure;
    }

    // Jittered, so that callers who failed together do not come back together.
    private static TimeSpan PauseBefore(int retry) => TimeSpan.FromMilliseconds(250 * retry * (0.5 + Random.Shared.NextDouble()));

    private static Secret? CredentialOf(Route route, DateTimeOffset now) => route.Profile?.Credential switch
    {
        null => route.LooseKey!.Key,
        ApiKeyCredential key => key.Key,
        TokenCredential token => token.Token,
        OAuthCredential { Access.IsBlank: false, Expires: { } expires } oauth when now < expires => oauth.Access,
        _ => null,
    };
}
