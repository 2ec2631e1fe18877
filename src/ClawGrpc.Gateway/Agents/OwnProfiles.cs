using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// One agent's own profiles as they are stored, with the health on top that is not stored yet. Safe for many callers at once.
/// </summary>
internal sealed class OwnProfiles(Func<HealthRules> rules, TimeProvider time)
{
    private readonly Lock _gate = new();

    // When the credential of a profile was last replaced.
    private readonly Dictionary<string, DateTimeOffset> _replaced = [];
    private int _writes;
    private ProfileStore _stored = ProfileStore.Empty;
    private StateUnreadableException? _problem;
    private PendingHealth _pending = PendingHealth.None;
    private PendingHealth _inFlight = PendingHealth.None;
    private volatile Snapshot _now = Snapshot.Empty;

    /// <summary>The profiles now. Takes no lock.</summary>
    public Snapshot Now => _now;

    /// <summary>How many writes have ended. To be read before a read of the store, for <see cref="TryTake"/>.</summary>
    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Whether some health is neither stored nor being stored.</summary>
    public bool IsDirty
    {
        get
        {
            lock (_gate)
                return !_pending.IsEmpty;
        }
    }

    /// <summary>Takes up what was read from the store.</summary>
    /// <param name="read">What was read; null if it cannot be read.</param>
    /// <param name="problem">Why it cannot be read; null if it can.</param>
    /// <param name="writesBefore"><see cref="Writes"/> before the read.</param>
    /// <returns>Whether that changed anything; null if a write ended since, so that what was read may be outdated.</returns>
    public bool? TryTake(ProfileStore? read, StateUnreadableException? problem, int writesBefore)
    {
        lock (_gate)
        {
            if (_writes != writesBefore)
                return null;
            if (problem is null ? ReferenceEquals(read, _stored) && _problem is null : _problem?.Message == problem.Message)
                return false;
            if (read is not null)
                NoteReplaced(read);
            (_stored, _problem) = (read ?? _stored, problem);
            Refresh();
            return true;
        }
    }

    /// <summary>Something happened upstream.</summary>
    /// <param name="profileId">The profile.</param>
    /// <param name="change">What happened.</param>
    /// <param name="isUseAlone">Whether only the time of its last use is another one.</param>
    /// <returns>Whether that changes the health of the profile.</returns>
    public bool TryRecord(string profileId, HealthChange change, out bool isUseAlone)
    {
        isUseAlone = false;
        lock (_gate)
        {
            // An attempt that ran on the old credential says nothing of the new one. One that lies ahead was replaced before the
            // clock went back.
            var now = time.GetUtcNow();
            if ((_replaced.TryGetValue(profileId, out var since) && change.Began < since && since <= now)
                || change is Failed { Failure.SetsAside: SetsAside.Nothing })
            {
                return false;
            }

            // Several calls fail at once: in the order in which they are recorded, none may be earlier than the one before it.
            change = change with { Now = now, Stored = now };
            _pending = _pending.With(profileId, change);
            if (_problem is null)
            {
                var before = _now.Profiles.HealthOf(profileId);
                _now = new Snapshot(PendingHealth.Apply(profileId, change, _now.Profiles, rules()), null);
                isUseAlone = change is Served
                    && _now.Profiles.HealthOf(profileId) with { LastUsed = before.LastUsed } == before;
            }

            return true;
        }
    }

    /// <summary>A write begins that stores all pending health. One at a time.</summary>
    public PendingHealth BeginWrite()
    {
        lock (_gate)
        {
            (_inFlight, _pending) = (_pending, PendingHealth.None);
            return _inFlight;
        }
    }

    /// <summary>The write has stored its health and some changes.</summary>
    /// <param name="before">What was stored before.</param>
    /// <param name="after">What is stored now.</param>
    /// <param name="changes">Besides the health.</param>
    /// <returns>Whether anything but the health is new.</returns>
    public bool EndWrite(ProfileStore before, ProfileStore after, IReadOnlyList<StoreChange> changes)
    {
        lock (_gate)
        {
            NoteReplaced(after);
            foreach (var put in changes.OfType<PutProfile>())
                _replaced[put.Id] = time.GetUtcNow();
            var isNews = changes.Count > 0 || !ReferenceEquals(before, _stored) || _problem is not null;

            // The health is stored even if the stored state is the same as before: a failure and its reset cancel each other out.
            _writes++;
            (_inFlight, _stored, _problem) = (PendingHealth.None, after, null);
            Refresh();
            return isNews;
        }
    }

    /// <summary>The write has failed: its health is pending again.</summary>
    public void FailWrite()
    {
        lock (_gate)
            (_inFlight, _pending) = (PendingHealth.None, _inFlight.Then(_pending));
    }

    // By whomever. What a refresh grants is the same login as before.
    private void NoteReplaced(ProfileStore stored)
    {
        foreach (var (id, credential) in stored.Profiles.Select(profile => (profile.Id, profile.Credential)))
        {
            if (_stored.Find(id) is { } before && before.Credential != credential
                && !(before.Credential is OAuthCredential && credential is OAuthCredential))
            {
                _replaced[id] = time.GetUtcNow();
            }
        }
    }

    private void Refresh() => _now = _problem is null
        ? new Snapshot(_inFlight.Then(_pending).ApplyTo(_stored, rules(), time.GetUtcNow()), null)
        : new Snapshot(ProfileStore.Empty, _problem);

    /// <param name="Profiles">Empty if they cannot be read.</param>
    /// <param name="Problem">Why they cannot be read; null if they can.</param>
    internal sealed record Snapshot(ProfileStore Profiles, StateUnreadableException? Problem)
    {
        public static readonly Snapshot Empty = new(ProfileStore.Empty, null);
    }
}
