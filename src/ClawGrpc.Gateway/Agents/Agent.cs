using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// One agent while the server runs: its profiles as the file has them, with what happened since and is not written yet on top.
/// Secrets are on disk before a call that stores one answers; health is written at most once a second.
/// </summary>
internal sealed partial class Agent : IAsyncDisposable
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);

    private readonly AgentStore _files;
    private readonly Func<HealthRules> _rules;
    private readonly Func<Agent?> _main;
    private readonly Action _told;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _dirty = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<string, DateTimeOffset> _replaced = [];
    private readonly ITimer _nextChange;
    private readonly ITimer _later;
    private readonly Task _writer;
    private bool _isClockAtRest = true;
    private bool _isLaterSet;
    private int _writes;
    private ProfileStore _onDisk = ProfileStore.Empty;
    private ProfileStore _current = ProfileStore.Empty;
    private StateUnreadableException? _unreadable;
    private PendingHealth _pending = PendingHealth.None;
    private PendingHealth _inFlight = PendingHealth.None;
    private volatile View _view = new(ProfileStore.Empty, ProfileStore.Empty, ProfileStore.Empty);

    /// <param name="id">Its id.</param>
    /// <param name="files">Its profiles on disk.</param>
    /// <param name="rules">The configuration's.</param>
    /// <param name="main">The agent whose API keys it has besides its own; null: nobody's.</param>
    /// <param name="told">Called after each change that its status tells.</param>
    /// <param name="logins">Makes its logins.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public Agent(
        string id, AgentStore files, Func<HealthRules> rules, Func<Agent?> main, Action told, Func<Agent, Logins> logins, TimeProvider time, ILogger<Agent> log)
    {
        (Id, _files, _rules, _main, _told, _time, _log) = (id, files, rules, main, told, time, log);
        Feed = new StatusFeed(time);
        Usage = new UsageLedger(Feed.Publish);
        _nextChange = time.CreateTimer(_ => ClockMoved(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _later = time.CreateTimer(_ => WriteSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Logins = logins(this);
        _writer = Task.Run(WriteHealthAsync);
    }

    public string Id { get; }

    public string Directory => Path.GetDirectoryName(_files.Path)!;

    public string StorePath => _files.Path;

    public StatusFeed Feed { get; }

    public UsageLedger Usage { get; }

    public RateLimitLedger RateLimits { get; } = new();

    public Logins Logins { get; }

    /// <summary>The profiles now, with those that it has from the main agent. No I/O.</summary>
    /// <exception cref="StateUnreadableException">A file cannot be read; it says where it is broken.</exception>
    public ProfileStore Store => ViewOf(Own);

    /// <summary>The same without those of the main agent.</summary>
    /// <exception cref="StateUnreadableException">The file cannot be read; it says where it is broken.</exception>
    public ProfileStore Own
    {
        get
        {
            lock (_gate)
                return _unreadable is null ? _current : throw _unreadable;
        }
    }

    /// <summary>The profiles now as <see cref="Store"/> has them, without those of a file that cannot be read.</summary>
    public ProfileStore StoreOrEmpty => _main() is { } main ? OwnOrEmpty.Over(main.OwnOrEmpty) : OwnOrEmpty;

    /// <summary>The same without those of the main agent.</summary>
    public ProfileStore OwnOrEmpty
    {
        get
        {
            lock (_gate)
                return _unreadable is null ? _current : ProfileStore.Empty;
        }
    }

    /// <summary>These profiles of its own, with those that it has from the main agent.</summary>
    /// <exception cref="StateUnreadableException">The main agent's file cannot be read.</exception>
    public ProfileStore ViewOf(ProfileStore own)
    {
        if (_main()?.Own is not { } shared)
            return own;
        var view = _view;
        if (!ReferenceEquals(view.Of, own) || !ReferenceEquals(view.Over, shared))
            _view = view = new View(own, shared, own.Over(shared));
        return view.Result;
    }

    /// <summary>Takes up what the file says now; cheap when it has not changed.</summary>
    public async Task ReloadAsync(CancellationToken cancellation)
    {
        bool isTaken;
        do
        {
            var seen = Volatile.Read(ref _writes);
            try
            {
                isTaken = TryTake(await _files.ReadAsync(cancellation), null, seen);
            }
            catch (StateUnreadableException exception)
            {
                isTaken = TryTake(null, exception, seen);
            }
        }
        while (!isTaken);
    }

    /// <inheritdoc cref="ChangeAsync(Func{ProfileStore, ValueTask{IReadOnlyList{StoreChange}}}, CancellationToken)"/>
    public Task<ProfileStore> ChangeAsync(Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation) =>
        ChangeAsync(fresh => new ValueTask<IReadOnlyList<StoreChange>>(decide(fresh)), cancellation);

    /// <summary>Changes the file by a decision on what it says now, together with all health that is not written yet. On disk when it returns.</summary>
    /// <exception cref="StateUnreadableException">The file cannot be read; nothing was changed.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written; nothing was changed.</exception>
    public async Task<ProfileStore> ChangeAsync(Func<ProfileStore, ValueTask<IReadOnlyList<StoreChange>>> decide, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var writing = BeginWrite();
            try
            {
                IReadOnlyList<StoreChange> decided = [];
                var fresh = ProfileStore.Empty;
                var written = await _files.UpdateAsync(
                    async read =>
                    {
                        decided = await decide(writing.ApplyTo(fresh = read, _rules()));
                        return [.. writing.ChangesOf(read, _rules()), .. decided];
                    },
                    cancellation);
                Replaced(decided);
                Wrote(written, isNews: decided.Count > 0 || !ReferenceEquals(fresh, _onDisk));
                return written;
            }
            catch
            {
                PutBack(writing);
                throw;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Something happened upstream.</summary>
    public void Record(string profileId, HealthChange change)
    {
        // A key's health is its owner's: what failed here is not tried there either.
        if (_main() is { } main && OwnOrEmpty.Find(profileId) is null && main.OwnOrEmpty.Find(profileId) is not null)
        {
            main.Record(profileId, change);
            return;
        }

        lock (_gate)
        {
            // An attempt that ran on the credential of before says nothing of the one that replaced it.
            if (_replaced.TryGetValue(profileId, out var since) && change.Began < since)
                return;
            if (change is Failed { Failure.SetsAside: SetsAside.Nothing })
                return;
            _pending = _pending.With(profileId, change);
            _current = PendingHealth.Apply(profileId, change, _current, _rules());
            ArmClock();

            // A failure is worth a write at once; who served last can wait for it, and so does not delay it.
            if (change is not Served)
                WriteSoon();
            else if (!_isLaterSet)
                _later.Change(BetweenWrites, Timeout.InfiniteTimeSpan);
            _isLaterSet |= change is Served;
        }

        Tell();
    }

    public async ValueTask DisposeAsync()
    {
        await Logins.DisposeAsync();
        await _closing.CancelAsync();
        await _writer;
        await _nextChange.DisposeAsync();
        await _later.DisposeAsync();
        _closing.Dispose();
        _writing.Dispose();
        _dirty.Dispose();
    }

    private PendingHealth BeginWrite()
    {
        lock (_gate)
        {
            (_inFlight, _pending) = (_pending, PendingHealth.None);
            return _inFlight;
        }
    }

    // What was pending is on disk, also when the file says the same as before: a failure and its reset cancel each other out.
    private void Wrote(ProfileStore written, bool isNews)
    {
        lock (_gate)
        {
            _writes++;
            (_inFlight, _onDisk, _unreadable) = (PendingHealth.None, written, null);
            Refresh();
        }

        // Health was told when it happened.
        if (!isNews)
            return;
        Logins.RefreshWhatIsDue();
        Tell();
    }

    private void PutBack(PendingHealth notWritten)
    {
        lock (_gate)
            (_inFlight, _pending) = (PendingHealth.None, notWritten.Then(_pending));
    }

    private void Replaced(IReadOnlyList<StoreChange> changes)
    {
        lock (_gate)
        {
            foreach (var put in changes.OfType<PutProfile>())
                _replaced[put.Id] = _time.GetUtcNow();
        }
    }

    // False: it was written meanwhile, so that what was read may be what it said before.
    private bool TryTake(ProfileStore? read, StateUnreadableException? unreadable, int seenWrites)
    {
        lock (_gate)
        {
            if (_writes != seenWrites)
                return false;
            if (unreadable is null ? ReferenceEquals(read, _onDisk) && _unreadable is null : _unreadable?.Message == unreadable.Message)
                return true;
            (_onDisk, _unreadable) = (read ?? _onDisk, unreadable);
            Refresh();
        }

        Logins.RefreshWhatIsDue();
        Tell();
        return true;
    }

    // This and the next are called under the gate.
    private void Refresh()
    {
        _current = _inFlight.Then(_pending).ApplyTo(_onDisk, _rules());
        ArmClock();
    }

    private void ArmClock()
    {
        var now = _time.GetUtcNow();
        var change = Expiry.NextChange(_current, now);

        // Mostly there is none, before and after.
        if (change is null && _isClockAtRest)
            return;
        _isClockAtRest = change is null;
        var wait = change - now;

        // Timers do not take any length; waking up once a day costs nothing.
        var due = wait is null ? Timeout.InfiniteTimeSpan : wait.Value < TimeSpan.FromDays(1) ? wait.Value : TimeSpan.FromDays(1);
        _nextChange.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void ClockMoved()
    {
        lock (_gate)
            ArmClock();
        Tell();
    }

    private void Tell()
    {
        Feed.Publish();
        _told();
    }

    private async Task WriteHealthAsync()
    {
        var open = true;
        while (open)
        {
            try
            {
                await _dirty.WaitAsync(_closing.Token);
            }
            catch (OperationCanceledException)
            {
                open = false;
            }

            var wrote = await TryWriteHealthAsync();
            try
            {
                if (open && wrote)
                    await Task.Delay(BetweenWrites, _time, _closing.Token);
            }
            catch (OperationCanceledException)
            {
                open = false;
                await TryWriteHealthAsync();
            }
        }
    }

    // Whether there was anything to write.
    private async Task<bool> TryWriteHealthAsync()
    {
        lock (_gate)
        {
            if (_pending.IsEmpty)
                return false;
        }

        try
        {
            await ChangeAsync(static _ => [], CancellationToken.None);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotWritten(Id, exception.Message);
            WriteSoon();
        }

        return true;
    }

    private void WriteSoon()
    {
        lock (_gate)
        {
            _isLaterSet = false;
            if (_dirty.CurrentCount == 0)
                _dirty.Release();
        }
    }

    /// <param name="Of">Its own profiles.</param>
    /// <param name="Over">The main agent's.</param>
    /// <param name="Result">What both come to.</param>
    private sealed record View(ProfileStore Of, ProfileStore Over, ProfileStore Result);

    [LoggerMessage(10, LogLevel.Warning, "Health of agent {AgentId} is not written yet: {Why}")]
    private partial void LogNotWritten(string agentId, string why);
}
