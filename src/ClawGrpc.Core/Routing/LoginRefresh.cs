using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>Why a login has no access token to give.</summary>
/// <param name="Cause">Half a sentence without secrets.</param>
/// <param name="RetryAt">When it is tried again by itself; null if only a new credential or configuration helps.</param>
/// <param name="Since">When it came up; null if it has no end.</param>
internal sealed record LoginProblem(string Cause, DateTimeOffset? RetryAt = null, DateTimeOffset? Since = null)
{
    /// <summary>
    /// Whether nothing is tried yet. A pause that was set later than now is over: the clock has gone back since.
    /// </summary>
    public bool Holds(DateTimeOffset now) => RetryAt is not { } retry || (now < retry && !(Since - now > ProfileHealth.MostSkew));

    /// <summary>No token endpoint is configured.</summary>
    public static readonly LoginProblem NoEndpoint =
        new("the access token is no longer valid, and no token endpoint is configured "
            + "(clawgrpc.oauth.tokenUrl and clawgrpc.oauth.clientId)");

    /// <summary>The configured token endpoint is not the one that the login belongs to.</summary>
    public static LoginProblem OfOtherEndpoint(string own, string configured, string profileId) =>
        new($"the login belongs to the token endpoint at {own}, and {configured} is configured now "
            + $"(to confirm: claw models auth rebind --profile-id {profileId})");

    /// <summary>There is no refresh token, and the access token has expired.</summary>
    public static readonly LoginProblem NoRefreshToken =
        new("the access token is no longer valid, and there is no refresh token");

    /// <summary>Only the Claude CLI refreshes its login.</summary>
    public static readonly LoginProblem OfClaudeCli =
        new("the login of the Claude CLI is no longer valid, and only the CLI refreshes it (run claude once)");

    /// <summary>For people, in OpenClaw's words (openclaw-spec.md, section 3.6), with the way out.</summary>
    public string Message =>
        $"OAuth token refresh failed for anthropic: {Cause}. {(RetryAt is null ? "" : "It is tried again by itself. ")}"
        + "The way out is a setup-token (claude setup-token, then claw models auth paste-token --provider anthropic).";
}

/// <summary>What to do about a login now.</summary>
internal enum RefreshStep
{
    /// <summary>Nothing: its access token is valid and does not expire soon.</summary>
    NotDue,

    /// <summary>Ask the token endpoint.</summary>
    Ask,

    /// <summary>Write what the endpoint granted; it must not be asked again.</summary>
    Write,

    /// <summary>Nothing can be done now: <see cref="RefreshHistory.Problem"/> says why.</summary>
    Blocked,
}

/// <summary>
/// What is known of one login's refreshes. It holds of this credential and this endpoint alone, and of no other.
/// </summary>
/// <param name="Credential">The login as stored on disk.</param>
/// <param name="Endpoint">Where it is refreshed; null if nowhere.</param>
internal sealed record RefreshHistory(OAuthCredential Credential, OAuthConfiguration? Endpoint)
{
    /// <summary>When the endpoint granted it; null if it did not, or before the start of the server.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>Whether upstream refused its access token though it has not expired.</summary>
    public bool IsRejected { get; init; }

    /// <summary>What the endpoint granted in its place and is not on disk yet; null if there is nothing.</summary>
    public OAuthCredential? Unwritten { get; init; }

    /// <summary>Whether <see cref="Unwritten"/> is where no crash loses it: it may be used before it is written.</summary>
    public bool IsKept { get; init; }

    /// <summary>Why the last refresh failed; null if it did not.</summary>
    public LoginProblem? Problem { get; init; }

    /// <summary>Tries since the last grant that failed.</summary>
    public int Failures { get; init; }
}

/// <summary>
/// When an OAuth login is refreshed and with which result (openclaw-spec.md, section 3.6): ahead of its end, once for all callers
/// that wait, and never again with a refused refresh token.
/// </summary>
internal static class LoginRefresh
{
    /// <summary>An access token is refreshed this long before its end, while it still serves.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    // OpenClaw's margin, since OpenClaw uses a token until the end that the file states; at most a tenth of the lifetime.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    // If upstream refuses a token this young, another one will not help.
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a profile is a login that ClawGrpc may refresh. The Claude CLI's is not: it would break the CLI's own.
    /// </summary>
    public static bool IsRefreshable(Profile profile) => profile.Id != ClaudeLogin.ProfileId
        && profile.Credential is OAuthCredential { Refresh.IsBlank: false }
        && Provider.Normalize(profile.Credential.Provider) == Provider.Anthropic;

    /// <summary>Whether its access token serves now.</summary>
    /// <param name="now">The time; a token has expired when equal.</param>
    public static bool IsUsable(RefreshHistory history, DateTimeOffset now) =>
        !history.IsRejected && history.Credential is { Access: { IsBlank: false } access, Expires: { } expires } && now < expires
        && HeaderText.Problem(access, "access token") is null;

    /// <summary>
    /// The access token that serves now: the stored one, or one that was granted and is kept until it is stored; null if none
    /// does.
    /// </summary>
    public static Secret? TokenOf(RefreshHistory history, DateTimeOffset now) =>
        IsUsable(history, now) ? history.Credential.Access
        : history is { IsKept: true, Unwritten: { } granted } && IsUsable(new RefreshHistory(granted, null), now) ? granted.Access
        : null;

    /// <summary>When it is to be refreshed by itself; past when it is due; null if never.</summary>
    /// <param name="history">A refreshable login.</param>
    /// <param name="now">A pause that was set later is over; null if none was.</param>
    public static DateTimeOffset? DueAt(RefreshHistory history, DateTimeOffset? now = null)
    {
        if (history.Endpoint is null || history.Problem is { RetryAt: null })
            return null;
        var (expires, granted) = (history.Credential.Expires ?? DateTimeOffset.MinValue,
            history.GrantedAt ?? DateTimeOffset.MinValue);
        var due = history.IsRejected || expires - DateTimeOffset.MinValue < Ahead ? DateTimeOffset.MinValue : expires - Ahead;

        // Refreshes tokens that live shorter than `Ahead` at half their life, or they would be refreshed endlessly.
        if (!history.IsRejected && granted > DateTimeOffset.MinValue)
            due = Later(due, granted + ((expires - granted) / 2));
        return history.Problem is { RetryAt: { } retry } problem && !(now is { } time && time < retry && !problem.Holds(time))
            ? Later(due, retry)
            : due;
    }

    /// <summary>What to do now. Asked before waiting for the lock, and again under it with the stored login.</summary>
    /// <param name="history">A refreshable login.</param>
    public static RefreshStep StepOf(RefreshHistory history, DateTimeOffset now) => history switch
    {
        { Endpoint: null } => IsUsable(history, now) ? RefreshStep.NotDue : RefreshStep.Blocked,
        { Problem: { } problem } when problem.Holds(now) => RefreshStep.Blocked,
        { Unwritten: not null } => RefreshStep.Write,
        _ => IsUsable(history, now) && DueAt(history, now) > now ? RefreshStep.NotDue : RefreshStep.Ask,
    };

    /// <summary>After upstream refused its access token: it counts as expired, unless it was granted just now.</summary>
    /// <param name="history">A refreshable login.</param>
    public static RefreshHistory AfterRejection(RefreshHistory history, DateTimeOffset now) =>
        history.GrantedAt is { } granted && (now - granted).Duration() < Young ? history : history with { IsRejected = true };

    /// <summary>After a call needed a token and no endpoint was configured.</summary>
    /// <param name="history">A login that cannot be refreshed now.</param>
    public static RefreshHistory AfterBlocked(RefreshHistory history) =>
        history.Endpoint is null ? history with { Problem = LoginProblem.NoEndpoint } : history;

    /// <summary>After an answer of the token endpoint.</summary>
    public static RefreshHistory After(RefreshHistory history, GrantAnswer answer, DateTimeOffset now) => answer switch
    {
        GrantAnswer.Granted granted =>
            history with { Unwritten = Renewed(history.Credential, granted, now), GrantedAt = now, Problem = null },
        GrantAnswer.Refused refused => history with { Problem = new LoginProblem(refused.Cause) },
        GrantAnswer.Failed failed => AfterFailure(history, failed.Cause, failed.RetryAt, now),
        _ => throw new InvalidOperationException($"Unknown answer {answer.GetType().Name}."),
    };

    /// <summary>After what was granted before was found where it was kept.</summary>
    /// <param name="history">A login that is due.</param>
    /// <param name="granted">What was granted for its refresh token.</param>
    public static RefreshHistory Found(RefreshHistory history, OAuthCredential granted) =>
        history with { Unwritten = granted, IsKept = true, Problem = null };

    /// <summary>After a try that failed for a reason that passes. Pauses double.</summary>
    /// <param name="cause">Half a sentence without secrets.</param>
    /// <param name="stated">When a repeat may succeed; null if unknown. It makes a pause longer, never shorter.</param>
    public static RefreshHistory AfterFailure(RefreshHistory history, string cause, DateTimeOffset? stated, DateTimeOffset now)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(history.Failures, 20));
        var retry = Later(now + (pause < LongestPause ? pause : LongestPause), stated ?? DateTimeOffset.MinValue);
        return history with { Problem = new LoginProblem(cause, retry, now), Failures = history.Failures + 1 };
    }

    /// <summary>
    /// The change that stores what was granted; null if the stored login is another one by now, which then counts. As long as the
    /// refresh token is the one that was sent, the grant is stored whatever else changed: that token is spent, and without the
    /// grant the login would be lost.
    /// </summary>
    /// <param name="history">With <see cref="RefreshHistory.Unwritten"/>.</param>
    /// <param name="profileId">The profile of the login.</param>
    /// <param name="fresh">What is stored now.</param>
    public static PutRefreshed? Storing(RefreshHistory history, string profileId, ProfileStore fresh) =>
        history.Unwritten is { } granted
        && fresh.Find(profileId)?.Credential is OAuthCredential stored && stored.Refresh == history.Credential.Refresh
            ? new PutRefreshed(
            profileId, stored with { Access = granted.Access, Refresh = granted.Refresh, Expires = granted.Expires })
            : null;

    /// <summary>Whether what is known of a login holds of the credential that is stored now.</summary>
    /// <param name="history">What is known.</param>
    /// <param name="stored">The credential that is stored now.</param>
    /// <param name="endpoint">Where it is refreshed now; null if nowhere.</param>
    public static bool IsOf(RefreshHistory history, OAuthCredential stored, OAuthConfiguration? endpoint) =>
        history.Endpoint == endpoint
        && (history.Credential == stored || (history.Unwritten is not null && history.Credential.Refresh == stored.Refresh));

    /// <summary>After what was granted is on disk.</summary>
    /// <param name="history">With <see cref="RefreshHistory.Unwritten"/>.</param>
    public static RefreshHistory AfterWrite(RefreshHistory history) =>
        new(history.Unwritten!, history.Endpoint) { GrantedAt = history.GrantedAt };

    /// <summary>
    /// The state shown in a status. A refreshable OAuth login counts as ok only as long as refreshes do not fail.
    /// </summary>
    /// <param name="refreshableIsOk">As in <see cref="Expiry.StateOf"/>.</param>
    public static ExpiryState StateOf(RefreshHistory history, DateTimeOffset now, bool refreshableIsOk) =>
        history.IsRejected
            ? ExpiryState.Expired
            : Expiry.StateOf(
                history is { IsKept: true, Unwritten: { } granted } ? granted : history.Credential, now,
                refreshableIsOk && history.Problem is null);

    // In whole milliseconds like the file, so that it is equal when read back.
    private static OAuthCredential Renewed(OAuthCredential before, GrantAnswer.Granted granted, DateTimeOffset now)
    {
        var margin = granted.Lifetime / 10 < Margin ? granted.Lifetime / 10 : Margin;
        var expires = DateTimeOffset.FromUnixTimeMilliseconds((now + granted.Lifetime - margin).ToUnixTimeMilliseconds());
        return before with { Access = granted.Access, Refresh = granted.Refresh ?? before.Refresh, Expires = expires };
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
