namespace ClawGrpc.Core.StateFiles;

/// <summary>Whether a credential is still valid (openclaw-spec.md, section 7.3).</summary>
internal enum ExpiryState
{
    /// <summary>Longer than the warning time.</summary>
    Ok,

    /// <summary>At most the warning time.</summary>
    Expiring,

    /// <summary>No longer.</summary>
    Expired,

    /// <summary>An OAuth login without an expiry after 1970.</summary>
    Missing,

    /// <summary>It does not expire.</summary>
    Static,
}

/// <summary>When credentials expire, and when a status changes by the clock alone.</summary>
internal static class Expiry
{
    /// <summary>A credential that expires within this time is expiring; equal counts.</summary>
    public static readonly TimeSpan WarnAfter = TimeSpan.FromHours(24);

    /// <summary>The end of a credential; null if it has none.</summary>
    public static DateTimeOffset? Of(Credential credential) => credential switch
    {
        TokenCredential token => token.Expires,
        OAuthCredential oauth => oauth.Expires,
        _ => null,
    };

    /// <summary>Whether it is still valid.</summary>
    /// <param name="refreshableIsOk">
    /// Whether a refreshable OAuth login is ok with any access token (see <c>Generation</c>).
    /// </param>
    public static ExpiryState StateOf(
        Credential credential, DateTimeOffset now, bool refreshableIsOk) => (credential, Of(credential)) switch
        {
            (OAuthCredential, null) => ExpiryState.Missing,
            (OAuthCredential, { } end) when end <= DateTimeOffset.UnixEpoch => ExpiryState.Missing,
            (OAuthCredential { Refresh.IsBlank: false }, _) when refreshableIsOk => ExpiryState.Ok,
            (_, null) => ExpiryState.Static,
            (_, { } end) when end <= now => ExpiryState.Expired,
            (_, { } end) when end - now <= WarnAfter => ExpiryState.Expiring,
            _ => ExpiryState.Ok,
        };

    /// <summary>
    /// The worst of several (openclaw-spec.md, section 7.3, "provider roll-up"): keys count only when there is nothing else.
    /// </summary>
    /// <param name="states">Those of the credentials of one provider.</param>
    public static ExpiryState Worst(IEnumerable<(Credential Credential, ExpiryState State)> states)
    {
        var all = states.ToList();
        var logins = all.Where(each => each.Credential is not ApiKeyCredential).Select(each => each.State).ToList();
        return logins switch
        {
            [] => all.Count > 0 ? ExpiryState.Static : ExpiryState.Missing,
            _ when logins.Any(state => state is ExpiryState.Expired or ExpiryState.Missing) => ExpiryState.Expired,
            _ when logins.Contains(ExpiryState.Expiring) => ExpiryState.Expiring,
            _ => ExpiryState.Ok,
        };
    }

    /// <summary>
    /// When the status next changes although nothing happens: a cooldown ends, a token is about to expire or does. Null if never.
    /// </summary>
    public static DateTimeOffset? NextChange(ProfileStore store, DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var (_, health) in store.Health)
        {
            foreach (var aside in SetAside.AllOf(health, now))
                Consider(aside.Until);
        }

        foreach (var profile in store.Profiles)
        {
            if (Of(profile.Credential) is not { } end)
                continue;
            Consider(end - WarnAfter);
            Consider(end);
        }

        return next;

        void Consider(DateTimeOffset time)
        {
            if (time > now && time < ProfileHealth.Never && !(time >= next))
                next = time;
        }
    }
}
