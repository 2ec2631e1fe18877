using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Agents;

/// <summary>The access token of a login, or why there is none.</summary>
/// <param name="Token">Null if there is none.</param>
/// <param name="Problem">Null if there is a token.</param>
internal readonly record struct AccessToken(Secret? Token, LoginProblem? Problem);

/// <summary>
/// The OAuth logins of one agent, kept valid as <see cref="LoginRefresh"/> decides: in the background ahead of their end, and
/// once for all calls that wait for one. A caller that stops waiting does not stop the refresh. The endpoint is asked under the
/// lease of the login, so that one of several servers asks, and the granted tokens are stored before they are used.
/// </summary>
internal sealed partial class Logins : IAsyncDisposable
{
    // The stored login may be another one after each.
    private const int MostWaits = 2;

    private readonly Agent _agent;
    private readonly TokenEndpoint _endpoint;
    private readonly Func<OAuthConfiguration?> _configured;
    private readonly Func<Agent, Task> _rereadClaudeLogin;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, RefreshHistory> _histories = [];
    private readonly Dictionary<string, Task> _running = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _wake;
    private DateTimeOffset? _wakeAt;
    private bool _isClosed;

    public Logins(
        Agent agent, TokenEndpoint endpoint, Func<OAuthConfiguration?> configured, Func<Agent, Task> rereadClaudeLogin,
        TimeProvider time, ILogger log)
    {
        (_agent, _endpoint, _configured, _rereadClaudeLogin) = (agent, endpoint, configured, rereadClaudeLogin);
        (_time, _log) = (time, log);
        _wake = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// The access token of a profile: the stored one while it is valid, else the one of the refresh that this waits for.
    /// </summary>
    /// <param name="profile">A profile that is, or was a moment ago, an OAuth login.</param>
    /// <param name="refused">The token that upstream has just refused, which counts as expired; null if there is none.</param>
    /// <param name="cancellation">Ends the waiting, not the refresh.</param>
    public async ValueTask<AccessToken> TokenAsync(Profile profile, Secret? refused, CancellationToken cancellation)
    {
        for (var waits = 0; ; waits++)
        {
            // What the profile was when the call came may have been refreshed since.
            if (_agent.Profiles.Effective.Find(profile.Id) is { Credential: OAuthCredential } stored)
                profile = stored;
            var (history, now) = (Look(profile, refused), _time.GetUtcNow());
            var (isCli, isRefreshable) = (profile.Id == ClaudeLogin.ProfileId, LoginRefresh.IsRefreshable(profile));
            if (LoginRefresh.TokenOf(history, now) is { } token && (isRefreshable || token != refused))
                return new AccessToken(token, null);
            if (!isCli && !isRefreshable)
                return new AccessToken(null, LoginProblem.NoRefreshToken);
            if (isRefreshable && LoginRefresh.StepOf(history, now) == RefreshStep.Blocked)
                return new AccessToken(null, Blocked(profile.Id, history));
            if (waits == MostWaits)
            {
                var problem = isCli ? LoginProblem.OfClaudeCli : new LoginProblem("the login keeps changing", now);
                return new AccessToken(null, problem);
            }

            await (isCli ? _rereadClaudeLogin(_agent) : Refresh(profile.Id)).WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// The stored token, without a request and without waiting, and whether a call would have it refreshed first.
    /// </summary>
    public (Secret? Token, LoginProblem? Problem, bool IsDue) Stored(Profile profile)
    {
        var (history, now) = (Look(profile, null), _time.GetUtcNow());
        if (LoginRefresh.TokenOf(history, now) is { } token)
            return (token, null, false);
        var (isCli, isRefreshable) = (profile.Id == ClaudeLogin.ProfileId, LoginRefresh.IsRefreshable(profile));
        if (!isRefreshable)
            return (null, isCli ? LoginProblem.OfClaudeCli : LoginProblem.NoRefreshToken, false);
        if (LoginRefresh.StepOf(history, now) == RefreshStep.Blocked)
            return (null, Blocked(profile.Id, history), false);
        return history.Credential.Access is { IsBlank: false } access
            ? (access, null, true)
            : (null, NoTokenYet(now), false);
    }

    private static LoginProblem NoTokenYet(DateTimeOffset now) =>
        new("the login has no access token until it is refreshed, which a plan does not do", now);

    /// <summary>What a status says of a login.</summary>
    public ExpiryState StateOf(Profile profile, DateTimeOffset now, bool refreshableIsOk) => profile.Credential is OAuthCredential
        ? LoginRefresh.StateOf(Look(profile, null), now, refreshableIsOk)
        : Expiry.StateOf(profile.Credential, now, refreshableIsOk);

    /// <summary>
    /// Refreshes what is due, and wakes up when the next is. To be called when profiles or configuration changed.
    /// </summary>
    public void RefreshWhatIsDue()
    {
        // Serialized, so that the last one to set the timer has seen the newest profiles.
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var dues = _agent.Profiles.Effective.Profiles.Where(LoginRefresh.IsRefreshable)
                .Select(profile => (profile.Id, Due: LoginRefresh.DueAt(Look(profile, null), now)))
                .Where(each => each.Due is not null).ToList();
            foreach (var (id, _) in dues.Where(each => each.Due <= now))
                _ = Refresh(id);

            // A timer that is set again and again to the same time would slip.
            var next = dues.Where(each => each.Due > now).Min(each => each.Due);
            if (_isClosed || next == _wakeAt)
                return;
            _wakeAt = next;
            _wake.WakeAt(_time, next);
        }
    }

    /// <summary>
    /// Waits until what the endpoint grants is stored, since it would be lost; a refresh that has not asked yet is given up.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        List<Task> running;
        lock (_gate)
        {
            _isClosed = true;
            running = [.. _running.Values];
        }

        await _closing.CancelAsync();
        await Task.WhenAll(running);
        await _wake.DisposeAsync();
        _closing.Dispose();
    }

    // What is known of exactly this credential, with the configuration of now.
    private RefreshHistory Look(Profile profile, Secret? refused)
    {
        var (credential, endpoint) = ((OAuthCredential)profile.Credential, EndpointOf(profile));
        lock (_gate)
        {
            var history = _histories.TryGetValue(profile.Id, out var known) && LoginRefresh.IsOf(known, credential, endpoint)
                ? known.Credential == credential ? known : known with { Credential = credential }
                : new RefreshHistory(credential, endpoint);
            if (refused is not null && refused == credential.Access && LoginRefresh.IsRefreshable(profile))
                _histories[profile.Id] = history = LoginRefresh.AfterRejection(history, _time.GetUtcNow());
            return history;
        }
    }

    // A refresh token belongs to the endpoint that was configured first, and goes to no other until that is confirmed.
    private OAuthConfiguration? EndpointOf(Profile profile) =>
        _configured() is { } configured && Foreign(profile.Id, configured) is null ? configured : null;

    private LoginProblem? Foreign(string profileId, OAuthConfiguration configured) =>
        _agent.TokenOriginOf(profileId, configured.TokenUrl) is { } own && UpstreamOrigin.Of(configured.TokenUrl) is var origin
        && own != origin
            ? LoginProblem.OfOtherEndpoint(own, origin, profileId)
            : null;

    private void Wake()
    {
        lock (_gate)
            _wakeAt = null;
        RefreshWhatIsDue();
    }

    // The one refresh of a profile that is under way.
    private Task Refresh(string profileId)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(profileId, out var running) && !_isClosed)
                _running[profileId] = running = Task.Run(() => RefreshAsync(profileId));
            return running ?? Task.CompletedTask;
        }
    }

    private async Task RefreshAsync(string profileId)
    {
        RefreshHistory? tried = null;
        try
        {
            await using var lease = await _agent.LeaseAsync(profileId, _closing.Token);
            tried = await AskAsync(profileId);
            if (tried?.Unwritten is not null)
                await StoreAsync(profileId, tried);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            if (tried is null && _agent.Profiles.Effective.Find(profileId) is { Credential: OAuthCredential } profile)
                tried = Look(profile, null);
            if (tried is not null)
                Keep(profileId, LoginRefresh.AfterFailure(tried, exception.Message.TrimEnd('.'), null, _time.GetUtcNow()));
            LogNotRefreshed(_agent.Id, profileId, exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        finally
        {
            lock (_gate)
                _running.Remove(profileId);
        }

        RefreshWhatIsDue();
        _agent.Feed.Publish();
    }

    // The login as it is stored now, refreshed if it is still due; null if it is gone.
    private async Task<RefreshHistory?> AskAsync(string profileId)
    {
        // Another server may have refreshed it before this one got the lease. A change that changes nothing waits for the file's
        // lock, which OpenClaw holds while it refreshes a login.
        var fresh = await _agent.ChangeAsync(static _ => [], _closing.Token);
        if (fresh.Find(profileId) is not { } profile || !LoginRefresh.IsRefreshable(profile))
            return null;
        var tried = Look(profile, null);
        if (LoginRefresh.StepOf(tried, _time.GetUtcNow()) != RefreshStep.Ask)
            return tried;
        tried = _agent.Granted?.Find(tried.Credential.Refresh!) is { } granted
            ? LoginRefresh.Found(tried, granted)
            : Kept(LoginRefresh.After(
                tried, await _endpoint.AskAsync(tried.Endpoint!, tried.Credential.Refresh!), _time.GetUtcNow()), profileId);
        Keep(profileId, tried);
        if (tried.Problem is { } problem)
            LogNotRefreshed(_agent.Id, profileId, problem.Message);
        return tried;
    }

    // The same, with what was granted on disk.
    private RefreshHistory Kept(RefreshHistory tried, string profileId)
    {
        if (tried.Unwritten is null || _agent.Granted is not { } file)
            return tried;
        try
        {
            file.Put(tried.Credential.Refresh!, tried.Unwritten);
            return tried with { IsKept = true };
        }
        catch (StateNotWrittenException exception)
        {
            LogNotKept(_agent.Id, profileId, exception.Message);
            return tried;
        }
    }

    private void Forget(RefreshHistory granted, string profileId)
    {
        if (!granted.IsKept)
            return;
        try
        {
            _agent.Granted?.Remove(granted.Credential.Refresh!);
        }
        catch (StateNotWrittenException exception)
        {
            // It is of a refresh token that is stored nowhere any more, and finds no login.
            LogNotKept(_agent.Id, profileId, exception.Message);
        }
    }

    /// <summary>
    /// Forgets grants that a crash left and that are stored. To be called once, on profiles that were just read.
    /// </summary>
    public void ForgetWhatIsStored()
    {
        try
        {
            _agent.Granted?.KeepOnly(_agent.OwnNow.Profiles.Profiles.Select(profile => profile.Credential)
                .OfType<OAuthCredential>().Select(login => login.Refresh).OfType<Secret>());
        }
        catch (StateNotWrittenException exception)
        {
            LogNotKept(_agent.Id, "", exception.Message);
        }
    }

    // Not cancelled: the refresh token is spent.
    private async Task StoreAsync(string profileId, RefreshHistory granted)
    {
        PutRefreshed? put = null;
        await _agent.ChangeAsync(
            fresh => (put = LoginRefresh.Storing(granted, profileId, fresh)) is null ? [] : [put],
            CancellationToken.None);
        Forget(granted, profileId);
        if (put is null)
        {
            LogReplaced(_agent.Id, profileId);
            return;
        }

        Keep(profileId, LoginRefresh.AfterWrite(granted with { Unwritten = put.Credential }));
        LogRefreshed(_agent.Id, profileId);
    }

    private LoginProblem Blocked(string profileId, RefreshHistory history)
    {
        var after = LoginRefresh.AfterBlocked(history);
        if (history.Endpoint is null && _configured() is { } configured && Foreign(profileId, configured) is { } foreign)
            after = after with { Problem = foreign };
        if (after != history)
        {
            Keep(profileId, after);
            _agent.Feed.Publish();
        }

        return after.Problem!;
    }

    private void Keep(string profileId, RefreshHistory history)
    {
        lock (_gate)
            _histories[profileId] = history;
    }

    [LoggerMessage(30, LogLevel.Information, "Agent {AgentId} refreshed the login {ProfileId}")]
    private partial void LogRefreshed(string agentId, string profileId);

    [LoggerMessage(31, LogLevel.Warning, "Agent {AgentId} did not refresh the login {ProfileId}: {Why}")]
    private partial void LogNotRefreshed(string agentId, string profileId, string why);

    [LoggerMessage(
        33, LogLevel.Warning, "Agent {AgentId} did not keep what was granted to the login {ProfileId} on this disk: {Why}")]
    private partial void LogNotKept(string agentId, string profileId, string why);

    [LoggerMessage(32, LogLevel.Warning, "Agent {AgentId} dropped tokens granted to {ProfileId}: another login has replaced it")]
    private partial void LogReplaced(string agentId, string profileId);
}
