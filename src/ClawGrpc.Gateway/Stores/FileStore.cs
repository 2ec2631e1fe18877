using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The state in the files of a folder, in the layout and with the locks of OpenClaw, which may work on it at the same time.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="directoryOf">The directory that the configuration gives to an agent; null if it gives none.</param>
/// <param name="time">The clock of locks and watches.</param>
/// <param name="timing">How locks are waited for; null for OpenClaw's way.</param>
/// <param name="keys">The keys that secrets are sealed with; null if they are not sealed.</param>
internal sealed class FileStore(
    StateFolder folder, Func<string, string?> directoryOf, TimeProvider time, LockTiming? timing = null, SealingKeys? keys = null)
    : IStateStore, IDisposable
{
    private const string Main = "main";

    private readonly FileChanges _changes = new(time);
    private readonly DocumentFile<StoredClients> _clients = new(
        folder.ClientsPath, text => ParseClients(text, folder.ClientsPath), ClientsDocument.Write, StoredClients.None);
    private readonly ConcurrentDictionary<string, AgentStore> _agents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, OriginsFile> _origins = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConfigFile> _documents = new(StringComparer.Ordinal);

    private readonly DocumentFile<ImmutableDictionary<string, Spending>> _spending = new(
        folder.BudgetsPath,
        text => ParseSpending(text, folder.BudgetsPath),
        SpendingDocument.Write,
        ImmutableDictionary.Create<string, Spending>(StringComparer.Ordinal));

    private readonly UsageFiles _usage = new(folder.UsagePath);

    // A folder has one server; OpenClaw, which may work on it too, looks at the file before each call.
    public bool IsShared => false;

    public IReadOnlyList<string> Problems => [];

    public event Action? ProblemsChanged
    {
        add
        {
        }

        remove
        {
        }
    }

    // A file that cannot be written says so itself, and each one is by itself.
    public DateTimeOffset? AwaySince => null;

    public IReadOnlyList<string> AgentIds => folder.StoredAgents();

    public string ClientsPlace => _clients.Path;

    public string PlaceOf(string agentId) => FileOf(agentId).Path;

    public long RevisionOf(string agentId) => 0;

    public Task<IReadOnlyList<SessionPin>> ExchangePinsAsync(
        IReadOnlyCollection<SessionPin> mine, CancellationToken cancellation = default) =>
        Task.FromResult<IReadOnlyList<SessionPin>>([]);

    public async Task OpenAsync(string agentId)
    {
        var file = FileOf(agentId);
        AtomicFile.RemoveLeftovers(file.Directory);
        LockFolder.RemoveLeftovers(file.Path);
        _changes.Add(file.Path);
        _changes.Add(OriginsOf(agentId).Path);
        await LegacyFiles.ImportAsync(file, agentId == Main ? folder.LegacyLoginsPath : null);
    }

    public ValueTask<ProfileStore> ReadAsync(string agentId, CancellationToken cancellation = default) =>
        FileOf(agentId).ReadAsync(cancellation);

    public Task<ProfileStore> UpdateAsync(
        string agentId, Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation = default) =>
        FileOf(agentId).UpdateAsync(decide, cancellation);

    public ValueTask<ImmutableDictionary<string, string>> ReadOriginsAsync(
        string agentId, CancellationToken cancellation = default) =>
        new(OriginsOf(agentId).Read() ?? ImmutableDictionary<string, string>.Empty);

    public Task UpdateOriginsAsync(
        string agentId,
        Func<ImmutableDictionary<string, string>, ImmutableDictionary<string, string>> decide,
        CancellationToken cancellation = default) => OriginsOf(agentId).UpdateAsync(decide, cancellation);

    public ValueTask<StoredClients> ReadClientsAsync(CancellationToken cancellation = default)
    {
        _changes.Add(_clients.Path);
        if (File.Exists(_clients.Path) && (File.GetUnixFileMode(_clients.Path) & FolderModes.Others) != 0)
        {
            throw new StateUnreadableException(
                _clients.Path, "others than its owner can write it, and so make themselves clients; mend it: chmod 600", null);
        }

        return new(_clients.Read());
    }

    public Task<StoredClients> UpdateClientsAsync(
        Func<StoredClients, StoredClients> decide, CancellationToken cancellation = default) =>
        _clients.UpdateAsync(decide, cancellation);

    public ValueTask<ImmutableDictionary<string, Spending>> ReadSpendingAsync(CancellationToken cancellation = default) =>
        new(_spending.Read());

    public Task UpdateSpendingAsync(
        Func<ImmutableDictionary<string, Spending>, ImmutableDictionary<string, Spending>> decide,
        CancellationToken cancellation = default) => _spending.UpdateAsync(decide, cancellation);

    public ValueTask<ImmutableDictionary<UsageKey, UsageCounters>> ReadUsageAsync(CancellationToken cancellation = default) =>
        new(_usage.Read());

    public Task AddUsageAsync(
        DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> more, DateOnly keepFrom,
        CancellationToken cancellation = default) => _usage.AddAsync(day, more, keepFrom, cancellation);

    // What stands in the way of these files would stand in the way of others beside them.
    public string? KeepUsage(IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> rows) => null;

    /// <summary>
    /// A lock folder beside the agent's file. It excludes other ClawGrpc servers. OpenClaw knows only the lock of the file
    /// itself, and holds that while it refreshes a login.
    /// </summary>
    /// <inheritdoc/>
    public GrantedFile? GrantedOf(string agentId) => null;

    public async Task<IAsyncDisposable> LeaseAsync(string agentId, string profileId, CancellationToken cancellation = default)
    {
        var file = FileOf(agentId);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(profileId)))[..16];
        var leased = $"{AtomicFile.TargetOf(file.Path)}.refresh-{digest}";
        try
        {
            StateFolder.MakeDirectory(file.Directory);
            return await LockFolder.AcquireAsync(leased, timing ?? LockTiming.OpenClaw, time, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(file.Path, exception);
        }
        catch (StateNotWrittenException)
        {
            throw LockFolder.Busy(file.Path, leased, time);
        }
    }

    public string PlaceOfConfiguration(string path) => path;

    public string? ReadConfiguration(string path)
    {
        _changes.Add(path);
        return DocumentAt(path).Read().Text;
    }

    public Task EditConfigurationAsync(string path, Func<string?, string> edit, CancellationToken cancellation = default) =>
        DocumentAt(path).UpdateAsync(edit, cancellation);

    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        // What was sealed opens or not as keys come and go.
        if (keys is not null)
            keys.Changed += TakeUpKeys;
        TakeUpKeys();

        // A change of the origins is a change of the agent.
        await foreach (var path in _changes.WatchAsync(cancellation))
        {
            if (keys?.Files.Contains(path) == true)
            {
                keys.Reload();
                continue;
            }

            yield return Path.GetFileName(path) == OriginsFile.Name
                ? Path.Join(Path.GetDirectoryName(path), StateFolder.AuthProfiles)
                : path;
        }
    }

    public void Dispose()
    {
        _clients.Dispose();
        _spending.Dispose();
        _usage.Dispose();
        if (keys is not null)
            keys.Changed -= TakeUpKeys;
        foreach (var agent in _agents.Values)
            agent.Dispose();
        foreach (var origins in _origins.Values)
            origins.Dispose();
        foreach (var document in _documents.Values)
            document.Dispose();
    }

    /// <summary>What the text of the clients says.</summary>
    /// <exception cref="StateUnreadableException">It says nothing.</exception>
    public static StoredClients ParseClients(string text, string path) =>
        ClientsDocument.Read(text, path) is var (clients, error) && clients is not null
            ? clients
            : throw new StateUnreadableException(
                path, new StoreSyntaxError(error!.Line, error.Column, error.Problem));

    /// <summary>What the text of what clients have spent says.</summary>
    /// <exception cref="StateUnreadableException">It says nothing.</exception>
    public static ImmutableDictionary<string, Spending> ParseSpending(string text, string path) =>
        SpendingDocument.Read(text) is var (spent, error) && spent is not null
            ? spent
            : throw new StateUnreadableException(path, error!);

    private void TakeUpKeys()
    {
        foreach (var file in keys?.Files ?? [])
            _changes.AddUnread(file);
        foreach (var agent in _agents.Values)
            _changes.Touch(agent.Path);
    }

    private AgentStore FileOf(string agentId) => _agents.GetOrAdd(agentId, NewFile);

    private OriginsFile OriginsOf(string agentId) => _origins.GetOrAdd(
        agentId, id => new OriginsFile(Path.Join(FileOf(id).Directory, OriginsFile.Name)));

    private AgentStore NewFile(string agentId)
    {
        var directory = directoryOf(agentId) is { } configured ? folder.Expand(configured) : folder.AgentDir(agentId);
        var sealing = keys is null ? null : new AgentSealing(
            agentId, keys, folder.OtherProgramOf(directory), new GenerationsFile(Path.Join(directory, GenerationsFile.Name)));
        return new AgentStore(Path.Join(directory, StateFolder.AuthProfiles), time, timing, sealing);
    }

    private ConfigFile DocumentAt(string path) => _documents.GetOrAdd(path, static file => new ConfigFile(file));
}
