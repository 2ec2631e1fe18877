using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// One agent while the server runs. Credentials are stored before the call that brings them is answered; health is stored at most
/// once a second, or twenty times where other servers go by it; who served last, once a second.
/// </summary>
internal sealed partial class Agent : IAsyncDisposable
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenSharedWrites = TimeSpan.FromMilliseconds(50);

    private readonly IStateStore _store;
    private readonly Func<HealthRules> _rules;
    private readonly Action _told;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly OwnProfiles _own;
    private readonly ProfileOrigins? _origins;
    private readonly ResolvedProfiles _resolved;
    private readonly Inheritance _inheritance;
    private readonly ExpiryClock _clock;
    private readonly UnopenedSecrets _unopened;
    private readonly WriteBehind _writer;
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <param name="id">Its id.</param>
    /// <param name="store">Where its profiles are kept.</param>
    /// <param name="rules">The configuration's.</param>
    /// <param name="main">The main agent if this one inherits from it; null if it does not.</param>
    /// <param name="told">Called after each change that its status shows.</param>
    /// <param name="logins">Makes its logins.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    /// <param name="resolve">What references come to; null if the agent resolves none.</param>
    /// <param name="origin">The configured origin; null if its profiles belong to none.</param>
    /// <param name="book">Where its usage is kept across restarts; null if it is not.</param>
    /// <param name="unopened">Called with each profile that is found to have a sealed secret that does not open.</param>
    public Agent(
        string id, IStateStore store, Func<HealthRules> rules, Func<Agent?> main, Action told, Func<Agent, Logins> logins,
        TimeProvider time, ILogger<Agent> log, Func<SecretReference, ResolvedSecret>? resolve = null,
        Func<string>? origin = null, UsageBook? book = null, Action<Profile>? unopened = null)
    {
        (Id, _store, _rules, _told, _time, _log) = (id, store, rules, told, time, log);
        _origins = origin is null ? null : new ProfileOrigins(id, store, origin);
        _resolved = new ResolvedProfiles(
            resolve ?? (static _ => ResolvedSecret.Not("references are not resolved here")), _origins);

        // Where others count along, it begins with the number of what is stored.
        Feed = new StatusFeed(time, store.IsShared ? 1 : null);
        Usage = new UsageLedger(id, () => Feed.Publish(), book);
        _own = new OwnProfiles(rules, time);
        _inheritance = new Inheritance(main);
        _unopened = new UnopenedSecrets(unopened ?? (static _ => { }));
        _clock = new ExpiryClock(() => _own.Now.Profiles, Tell, time);
        Logins = logins(this);
        _writer = new WriteBehind(
            TryWriteHealthAsync, store.IsShared ? BetweenSharedWrites : BetweenWrites, BetweenWrites, time);
    }

    public string Id { get; }

    /// <summary>Where its profiles are: of files, the absolute path.</summary>
    public string StorePath => _store.PlaceOf(Id);

    public string Directory => Path.GetDirectoryName(StorePath)!;

    public StatusFeed Feed { get; }

    public UsageLedger Usage { get; }

    public RateLimitLedger RateLimits { get; } = new();

    public Logins Logins { get; }

    /// <summary>
    /// The profiles now: the same object as long as nothing changes. No lock, and no I/O unless secrets are kept in other files.
    /// </summary>
    public AgentProfiles Profiles => _inheritance.With(OwnNow);

    /// <summary>Its own profiles now, for those that inherit them.</summary>
    public OwnProfiles.Snapshot OwnNow => _resolved.With(_own.Now);

    /// <summary>These profiles of its own, with those that it inherits.</summary>
    /// <exception cref="StateUnreadableException">The main agent's profiles cannot be read.</exception>
    public ProfileStore WithInherited(ProfileStore own) => _inheritance.With(own);

    /// <summary>Takes up what is stored now; cheap if it has not changed.</summary>
    public async Task ReloadAsync(CancellationToken cancellation)
    {
        var areNews = _origins is not null && await _origins.ReloadAsync(cancellation);
        bool? isNews = null;
        while (isNews is null)
        {
            var writes = _own.Writes;
            try
            {
                isNews = _own.TryTake(await _store.ReadAsync(Id, cancellation), null, writes);
            }
            catch (StateUnreadableException exception)
            {
                isNews = _own.TryTake(null, exception, writes);
            }
        }

        await SaveOriginsAsync();
        if (isNews is true || areNews)
            TellNews();

        // A login belongs to its token endpoint since it was looked at.
        await SaveOriginsAsync();
    }

    /// <summary>
    /// These profiles belong to the configured upstream from now on; those that the agent inherits, too. Stored when it returns.
    /// </summary>
    /// <exception cref="StateUnreadableException">The stored origins cannot be read; nothing was changed.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be stored; nothing was changed.</exception>
    public async Task BindAsync(IReadOnlyCollection<string> profileIds, CancellationToken cancellation)
    {
        foreach (var owned in profileIds.GroupBy(id => _inheritance.OwnerOf(id, _own.Now.Profiles)))
        {
            if (owned.Key is { } owner)
            {
                await owner.BindAsync([.. owned], cancellation);
            }
            else if (_origins is not null)
            {
                await _origins.BindAsync([.. owned], cancellation);
                if (_own.Now.Profiles.Secrets.Any(secret => secret.KeyId is not null))
                    await ChangeAsync(_ => [new BindSeals([.. owned], _origins.OriginOf(owned.First()))], cancellation);
            }
        }

        TellNews();
    }

    /// <summary>The origin of the token endpoint that a login belongs to; null if logins belong to none.</summary>
    public string? TokenOriginOf(string profileId, Uri tokenUrl) => _origins?.TokenOriginOf(profileId, tokenUrl);

    /// <summary>Changes how its secrets are stored.</summary>
    /// <returns>How they are stored then.</returns>
    /// <inheritdoc cref="ChangeAsync"/>
    public async Task<ProfileStore> SealAsync(SealGoal goal, CancellationToken cancellation) => await ChangeAsync(
        fresh => [new SealSecrets(goal, _origins is null
            ? ImmutableDictionary<string, string>.Empty
            : fresh.Profiles.Where(ProfileOrigins.IsKnowable).ToImmutableDictionary(
                profile => profile.Id, profile => _origins.OriginOf(profile.Id, profile.Origin)))],
        cancellation);

    /// <summary>A profile was removed.</summary>
    public Task ForgetOriginAsync(string profileId, CancellationToken cancellation) =>
        _origins?.ForgetAsync(profileId, cancellation) ?? Task.CompletedTask;

    /// <summary>
    /// Changes the stored profiles by a decision on what they are now, together with all health that is not stored yet. Stored
    /// when it returns.
    /// </summary>
    /// <param name="decide">As for <see cref="IStateStore.UpdateAsync"/>.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">The stored profiles cannot be read; nothing was changed.</exception>
    /// <exception cref="StateNotWrittenException">They cannot be written; nothing was changed.</exception>
    public async Task<ProfileStore> ChangeAsync(
        Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var health = _own.BeginWrite();
            try
            {
                IReadOnlyList<StoreChange> decided = [];
                var before = ProfileStore.Empty;
                var after = await _store.UpdateAsync(
                    Id,
                    fresh =>
                    {
                        var now = _time.GetUtcNow();
                        decided = [.. decide(health.ApplyTo(before = fresh, _rules(), now)).Select(WithOrigin)];
                        return [.. health.ChangesOf(fresh, _rules(), now), .. decided];
                    },
                    cancellation);

                // The status showed the health when it came.
                var isNews = _own.EndWrite(before, after, decided);
                await SaveOriginsAsync();
                if (isNews)
                    TellNews();
                else
                    _clock.Arm();

                // Where others count along, the number of what is stored is the revision for all.
                if (!isNews && _store.RevisionOf(Id) > Feed.Current.Number)
                    Tell();
                return after;
            }
            catch
            {
                _own.FailWrite();
                throw;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc cref="IStateStore.LeaseAsync"/>
    public Task<IAsyncDisposable> LeaseAsync(string profileId, CancellationToken cancellation) =>
        _store.LeaseAsync(Id, profileId, cancellation);

    /// <inheritdoc cref="IStateStore.GrantedOf"/>
    public GrantedFile? Granted => _store.GrantedOf(Id);

    /// <summary>Something happened upstream.</summary>
    public void Record(string profileId, HealthChange change)
    {
        // The health of an inherited key is its owner's: what failed here is not tried there either.
        if (_inheritance.OwnerOf(profileId, _own.Now.Profiles) is { } owner)
        {
            owner.Record(profileId, change);
            return;
        }

        if (!_own.TryRecord(profileId, change, out var isUseAlone))
            return;
        _clock.Arm();

        // A failure is worth a write at once, and where others wait for its end, so is that. A success can wait, and then does
        // not delay a failure.
        if (isUseAlone || (change is Served && !_store.IsShared))
            _writer.WriteLater();
        else
            _writer.WriteSoon();
        Tell();
    }

    public async ValueTask DisposeAsync()
    {
        await Logins.DisposeAsync();
        await _writer.DisposeAsync();
        await _clock.DisposeAsync();
        _writing.Dispose();
    }

    // A sealed secret is bound to its upstream, which stays the one that it was unless the change names another.
    private StoreChange WithOrigin(StoreChange change) => change switch
    {
        PutProfile { Origin: null } put when _origins is not null && ProfileOrigins.IsSent(new Profile(put.Id, put.Credential)) =>
            put with { Origin = _origins.OriginOf(put.Id) },
        PutRefreshed { Origin: null } put when _origins is not null => put with { Origin = _origins.OriginOf(put.Id) },
        _ => change,
    };

    // Those of profiles that were seen for the first time.
    private async Task SaveOriginsAsync()
    {
        _ = OwnNow;
        try
        {
            await (_origins?.SaveAsync(CancellationToken.None) ?? Task.CompletedTask);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogOriginsNotWritten(Id, exception.Message);
        }
    }

    private void TellNews()
    {
        _clock.Arm();
        Logins.RefreshWhatIsDue();
        _unopened.Look(OwnNow.Profiles.Profiles);
        Tell();
    }

    private void Tell()
    {
        Feed.Publish(_store.RevisionOf(Id));
        _told();
    }

    private async Task<WriteOutcome> TryWriteHealthAsync()
    {
        if (!_own.IsDirty)
            return WriteOutcome.Nothing;
        try
        {
            await ChangeAsync(static _ => [], CancellationToken.None);
            return WriteOutcome.Written;
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotWritten(Id, exception.Message);
            return WriteOutcome.Failed;
        }
    }

    [LoggerMessage(11, LogLevel.Warning, "The upstreams that profiles of agent {AgentId} belong to are not written yet: {Why}")]
    private partial void LogOriginsNotWritten(string agentId, string why);

    [LoggerMessage(10, LogLevel.Warning, "Health of agent {AgentId} is not written yet: {Why}")]
    private partial void LogNotWritten(string agentId, string why);
}
