using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>
/// The state in a PostgreSQL database that replicas share: the documents of a state folder as rows, every secret sealed. What is
/// read is kept in memory and serves while the database is away.
/// </summary>
internal sealed partial class PostgresStore : IStateStore, IAsyncDisposable
{
    private readonly StateFolder _folder;
    private readonly SealingKeys _keys;
    private readonly Database _database;
    private readonly DatabaseClock _clock;
    private readonly Documents _documents;
    private readonly Changes _changes;
    private readonly Leases _leases;
    private readonly UsageTable _usage;
    private readonly UnsentFiles _unsent;
    private readonly SessionTable _sessions;
    private readonly Replicas _replicas;
    private readonly SharedServerKey _serverKey;
    private readonly SharedSealState _sealState;
    private readonly StoredConfiguration _configuration;
    private readonly Presence _presence;
    private readonly Snapshot _snapshot;
    private readonly FileChanges _keyFiles;
    private readonly ConcurrentDictionary<string, StoredProfiles> _agents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StoredText<ImmutableDictionary<string, string>>> _origins =
        new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, GrantedFile> _granted = new(StringComparer.Ordinal);
    private readonly StoredText<StoredClients> _clients;
    private readonly StoredText<ImmutableDictionary<string, Spending>> _spending;

    private int _isDisposed;
    private string _problems = "";

    /// <param name="settings">Where the database is.</param>
    /// <param name="clock">The database's clock.</param>
    /// <param name="folder">The folder of this replica, whose documents are in the database.</param>
    /// <param name="keys">The keys that secrets are sealed with, which ask the store which one is active.</param>
    /// <param name="replica">The name of this replica, for people.</param>
    /// <param name="version">Of this program.</param>
    /// <param name="log">The log.</param>
    public PostgresStore(
        DatabaseSettings settings, DatabaseClock clock, StateFolder folder, Func<PostgresStore, SealingKeys> keys,
        string replica, string version, ILogger log)
    {
        var id = Guid.NewGuid();
        (_clock, _folder) = (clock, folder);
        _database = new Database(settings, clock);
        _documents = new Documents(_database);
        _changes = new Changes(_database, _documents, clock, log);
        _leases = new Leases(_database, id);
        _usage = new UsageTable(_database, id);
        _unsent = new UnsentFiles(Path.Join(folder.Path, UnsentFiles.Name), id, _usage, clock, log);
        _sessions = new SessionTable(_database);
        _replicas = new Replicas(_database, id, replica, version);
        _keyFiles = new FileChanges(clock);
        _clients = new StoredText<StoredClients>(
            _documents, DocumentNames.Clients, ClientsPlace, text => FileStore.ParseClients(text, ClientsPlace),
            ClientsDocument.Write, StoredClients.None);
        var spendingPlace = DocumentNames.PlaceOf(DocumentNames.Spending);
        _spending = new StoredText<ImmutableDictionary<string, Spending>>(
            _documents, DocumentNames.Spending, spendingPlace, text => FileStore.ParseSpending(text, spendingPlace),
            SpendingDocument.Write, ImmutableDictionary.Create<string, Spending>(StringComparer.Ordinal));
        _configuration = new StoredConfiguration(_documents, folder);
        _sealState = new SharedSealState(_documents, _replicas);
        _keys = keys(this);
        _serverKey = new SharedServerKey(_documents, _keys);
        _snapshot = new Snapshot(Path.Join(folder.Path, Snapshot.Name), _database, _documents, _keys, clock, log);
        _presence = new Presence(_database, clock, _replicas, _serverKey, _keys, log);
        _presence.ClockMeasured += TellProblems;
        _database.AwayChanged += TellAway;
    }

    /// <inheritdoc/>
    public event Action? ProblemsChanged;

    /// <inheritdoc cref="Presence.ReplicaGone"/>
    public event Action<GoneReplica>? ReplicaGone
    {
        add => _presence.ReplicaGone += value;
        remove => _presence.ReplicaGone -= value;
    }

    public bool IsShared => true;

    /// <summary>The keys that secrets are sealed with.</summary>
    public SealingKeys Keys => _keys;

    /// <inheritdoc cref="SharedSealState.Access"/>
    public SealStateAccess SealState => _sealState.Access;

    public IReadOnlyList<string> Problems
    {
        get
        {
            var problems = new List<string>();
            if (_database.AwaySince is { } since)
            {
                var what = _database.Refusal is { } refusal ? $"cannot be written: {refusal}" : "is away";
                problems.Add($"The store is degraded since {since:yyyy-MM-dd'T'HH:mm:ss'Z'}: the database {_database.Settings} "
                    + $"{what}. What was read from it serves, no longer than clawgrpc.replicas.maxStaleness allows, and nothing "
                    + "can be changed.");
            }

            if (_clock.Offset.Duration() >= DatabaseClock.Suspicious)
            {
                problems.Add($"The clock of this host is {Math.Abs(_clock.Offset.TotalSeconds):0.0} s "
                    + $"{(_clock.Offset > TimeSpan.Zero ? "behind" : "ahead of")} that of the database, which counts.");
            }

            return problems;
        }
    }

    public DateTimeOffset? AwaySince => _database.AwaySince;

    public string ClientsPlace => DocumentNames.PlaceOf(DocumentNames.Clients);

    public IReadOnlyList<string> AgentIds =>
        [.. _changes.Names.Select(DocumentNames.AgentOfProfiles).OfType<string>().Order(StringComparer.Ordinal)];

    /// <summary>Checks the tables and takes up what is there.</summary>
    /// <exception cref="UnusableDatabaseException">The tables are not those of this version.</exception>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await Schema.CheckAsync(_database, _database.Settings.Steps, cancellation);
        }
        catch (DatabaseException exception)
        {
            throw new DatabaseException(
                $"The database {_database.Settings} (CLAWGRPC_DSN) cannot be used: {exception.Message}.",
                exception.InnerException);
        }

        for (var look = 0; look < 3; look++)
            await _clock.LookAsync(_database, cancellation);
        foreach (var (name, revision) in await _documents.LookAsync(cancellation))
            _changes.Know(name, revision);
        await _sealState.ReadAsync(cancellation);
    }

    /// <summary>Refuses a database that this replica may not write.</summary>
    /// <inheritdoc cref="Schema.CheckWritesAsync"/>
    public Task CheckWritesAsync(CancellationToken cancellation) => _database.LookAsync(
        async connection =>
        {
            await Schema.CheckWritesAsync(connection, cancellation);
            return true;
        },
        cancellation);

    /// <summary>Takes up what the snapshot on this replica's disk holds, while the database is away.</summary>
    /// <returns>When it was taken.</returns>
    /// <exception cref="UnusableSnapshotException">There is none, or it cannot be used.</exception>
    public async Task<DateTimeOffset> StartFromSnapshotAsync()
    {
        // A key that the configuration alone names is not known yet, nor which one is active.
        _keys.Use(null, "");
        var taken = _snapshot.Open();
        foreach (var (name, document) in _documents.Last)
            _changes.Know(name, document.Revision);
        _database.ServeSince(taken);
        await _sealState.ReadAsync(CancellationToken.None);
        return taken;
    }

    /// <summary>The key of clients' tokens. To be called once sealing keys are known.</summary>
    /// <inheritdoc cref="SharedServerKey.OpenAsync"/>
    public Task<ServerKey> OpenServerKeyAsync(CancellationToken cancellation) => _serverKey.OpenAsync(cancellation);

    public string PlaceOf(string agentId) => DocumentNames.PlaceOf(DocumentNames.ProfilesOf(agentId));

    public long RevisionOf(string agentId) => Math.Max(
        _agents.TryGetValue(agentId, out var agent) ? agent.Revision : 0, _configuration.Revision);

    public Task OpenAsync(string agentId) => Task.CompletedTask;

    public async ValueTask<ProfileStore> ReadAsync(string agentId, CancellationToken cancellation = default)
    {
        var agent = AgentOf(agentId);
        var profiles = await agent.ReadAsync(cancellation);
        _changes.Know(DocumentNames.ProfilesOf(agentId), agent.Revision);
        return profiles;
    }

    public async Task<ProfileStore> UpdateAsync(
        string agentId, Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation = default)
    {
        var agent = AgentOf(agentId);
        var profiles = await agent.UpdateAsync(decide, cancellation);
        _changes.Know(DocumentNames.ProfilesOf(agentId), agent.Revision);
        return profiles;
    }

    public ValueTask<ImmutableDictionary<string, string>> ReadOriginsAsync(
        string agentId, CancellationToken cancellation = default) => OriginsOf(agentId).ReadAsync(cancellation);

    public Task UpdateOriginsAsync(
        string agentId,
        Func<ImmutableDictionary<string, string>, ImmutableDictionary<string, string>> decide,
        CancellationToken cancellation = default) => OriginsOf(agentId).UpdateAsync(
        before => decide(before) is var after && after.Count == before.Count && after.All(before.Contains) ? before : after,
        cancellation);

    public ValueTask<StoredClients> ReadClientsAsync(CancellationToken cancellation = default) =>
        _clients.ReadAsync(cancellation);

    public Task<StoredClients> UpdateClientsAsync(
        Func<StoredClients, StoredClients> decide, CancellationToken cancellation = default) =>
        _clients.UpdateAsync(decide, cancellation);

    public ValueTask<ImmutableDictionary<string, Spending>> ReadSpendingAsync(CancellationToken cancellation = default) =>
        _spending.ReadAsync(cancellation);

    public Task UpdateSpendingAsync(
        Func<ImmutableDictionary<string, Spending>, ImmutableDictionary<string, Spending>> decide,
        CancellationToken cancellation = default) => _spending.UpdateAsync(decide, cancellation);

    public async ValueTask<ImmutableDictionary<UsageKey, UsageCounters>> ReadUsageAsync(CancellationToken cancellation = default)
    {
        try
        {
            return await _usage.ReadAsync(cancellation);
        }
        catch (DatabaseException exception)
        {
            throw StateUnreadableException.Unavailable(DocumentNames.PlaceOf("usage"), exception);
        }
    }

    public async Task AddUsageAsync(
        DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> more, DateOnly keepFrom,
        CancellationToken cancellation = default)
    {
        try
        {
            await _usage.AddAsync(day, more, keepFrom, cancellation);
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(DocumentNames.PlaceOf("usage"), exception);
        }
    }

    public string? KeepUsage(IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> rows) =>
        _unsent.Keep(_usage.Unsent(rows));

    public async Task<IReadOnlyList<SessionPin>> ExchangePinsAsync(
        IReadOnlyCollection<SessionPin> mine, CancellationToken cancellation = default)
    {
        try
        {
            return await _sessions.ExchangeAsync(mine, cancellation);
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(DocumentNames.PlaceOf("sessions"), exception);
        }
    }

    public Task<IAsyncDisposable> LeaseAsync(string agentId, string profileId, CancellationToken cancellation = default) =>
        _leases.AcquireAsync($"refresh {agentId} {profileId}", PlaceOf(agentId), cancellation);

    public GrantedFile GrantedOf(string agentId) => _granted.GetOrAdd(
        agentId, id => new GrantedFile(Path.Join(_folder.AgentDir(id), GrantedFile.Name), SealingOf(id)));

    public string PlaceOfConfiguration(string path) => DocumentNames.PlaceOf(DocumentNames.OfFile(_folder, path));

    public string? ReadConfiguration(string path) => _configuration.Read(path);

    public Task EditConfigurationAsync(string path, Func<string?, string> edit, CancellationToken cancellation = default) =>
        _configuration.EditAsync(path, edit, cancellation);

    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        _keys.Changed += TakeUpKeys;
        TakeUpKeys();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var loops = Task.WhenAll(
            WatchKeysAsync(stopping.Token), _presence.RunAsync(stopping.Token), _snapshot.KeepAsync(stopping.Token),
            _unsent.AddAsync(stopping.Token));
        try
        {
            await foreach (var name in _changes.WatchAsync(cancellation))
            {
                if (name == SealStateFile.Name)
                {
                    await _sealState.ReadAsync(cancellation);
                    _keys.Reload();
                }
                else if (_configuration.PathOf(name) is { } path)
                {
                    yield return path;
                }
                else
                {
                    yield return DocumentNames.AgentOf(name) is { } agent ? PlaceOf(agent) : DocumentNames.PlaceOf(name);
                }
            }
        }
        finally
        {
            _keys.Changed -= TakeUpKeys;
            await stopping.CancelAsync();
            await loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Who made it by two names may end it by both.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        try
        {
            await _replicas.LeaveAsync();
        }
        catch (DatabaseException)
        {
            _unsent.KeepLeaving();
        }

        _changes.Dispose();
        _usage.Dispose();
        foreach (var agent in _agents.Values)
            agent.Dispose();
        await _database.DisposeAsync();
    }

    private StoredProfiles AgentOf(string agentId) => _agents.GetOrAdd(
        agentId, id => new StoredProfiles(_documents, DocumentNames.ProfilesOf(id), PlaceOf(id), SealingOf(id)));

    private AgentSealing SealingOf(string agentId)
    {
        // What this replica has seen stays on its own disk: who controls the database must not be able to put it back.
        var seen = Path.Join(_folder.AgentDir(agentId), GenerationsFile.Name);
        StateFolder.MakeDirectory(Path.GetDirectoryName(seen)!);
        return new AgentSealing(agentId, _keys, null, new GenerationsFile(seen), _clock);
    }

    private StoredText<ImmutableDictionary<string, string>> OriginsOf(string agentId) => _origins.GetOrAdd(agentId, id =>
    {
        var name = DocumentNames.OriginsOf(id);
        var place = DocumentNames.PlaceOf(name);
        return new StoredText<ImmutableDictionary<string, string>>(
            _documents, name, place, text => OriginsFile.Parse(text, place), OriginsFile.TextOf,
            ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));
    });

    private void TellAway()
    {
        if (_database.AwaySince is null)
            _changes.ReportAll();
        TellProblems();
    }

    // A status is new only if it says something else.
    private void TellProblems()
    {
        var now = string.Join('\n', Problems);
        if (Interlocked.Exchange(ref _problems, now) != now)
            ProblemsChanged?.Invoke();
    }

    // What was sealed opens or not as keys come and go.
    private void TakeUpKeys()
    {
        foreach (var file in _keys.Files)
            _keyFiles.AddUnread(file);
        foreach (var agent in _agents.Keys)
            _changes.Report(DocumentNames.ProfilesOf(agent));
    }

    private async Task WatchKeysAsync(CancellationToken cancellation)
    {
        await foreach (var _ in _keyFiles.WatchAsync(cancellation))
            _keys.Reload();
    }
}
