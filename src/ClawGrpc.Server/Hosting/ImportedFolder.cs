using System.Text;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Server.Hosting;

/// <summary>A state folder as the documents that it becomes in a database. Nothing is written into it.</summary>
internal sealed class ImportedFolder : IDisposable
{
    private const string Main = "main";

    private readonly StateFolder _source;
    private readonly ConfigurationReading _configuration;
    private readonly string _copies;
    private readonly SealingKeys _keys;
    private readonly FileStore _files;
    private readonly Dictionary<string, byte[]> _documents = new(StringComparer.Ordinal);

    /// <param name="source">The folder.</param>
    /// <param name="configuration">Its configuration.</param>
    /// <param name="sealKey">The file of the first key that its secrets are sealed with; null: as configured.</param>
    /// <param name="copies">A folder that may be written.</param>
    public ImportedFolder(StateFolder source, ConfigurationReading configuration, string? sealKey, string copies)
    {
        (_source, _configuration, _copies) = (source, configuration, copies);
        _keys = new SealingKeys(
            source, Environment.GetEnvironmentVariable, NullLogger<SealingKeys>.Instance,
            SealStateFile.In(source.Path) with { Write = static _ => { } }, sealKey);
        _keys.Use(Transfer.SealOf(configuration), Origin);
        _files = new FileStore(source, CopyOf, TimeProvider.System, keys: _keys);
    }

    /// <summary>By name, as they are stored.</summary>
    public IReadOnlyDictionary<string, byte[]> Documents => _documents;

    /// <summary>The upstream that its profiles belong to unless it says otherwise, as at the start of a server.</summary>
    public string Origin => UpstreamOrigin.Of(new Uri(ConfigurationReading.UpstreamOf(Accepted)));

    private ClawConfiguration Accepted => ((ConfigurationOutcome.Accepted)_configuration.Outcome).Configuration;

    /// <summary>Reads all of it.</summary>
    /// <param name="store">What seals it.</param>
    /// <param name="chosen">Which sealing key is active from now on; null if the store says so already.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>How many agents have profiles.</returns>
    /// <exception cref="StartException">There is nothing, or some of it cannot be a document.</exception>
    /// <exception cref="StateUnreadableException">Some of it cannot be read.</exception>
    public async Task<int> ReadAsync(PostgresStore store, SealState? chosen, CancellationToken cancellation)
    {
        AddConfiguration();
        foreach (var path in new[] { _source.ClientsPath, _source.BudgetsPath }.Where(File.Exists))
            _documents[Path.GetRelativePath(_source.Path, path)] = WholeFile.Read(path)!;

        // The clients' tokens are known by hashes with this key.
        if (File.Exists(_source.ClientsPath) && File.Exists(_source.ServerKeyPath))
            _documents[SharedServerKey.Name] = store.SealedServerKeyOf(ServerKey.Load(_source, static _ => null).ToBytes());
        var count = 0;
        var ids = _source.StoredAgents().Concat(Accepted.Agents.List.Select(agent => agent.Id)).Append(Main);
        foreach (var id in ids.Where(StateFolder.IsAgentId).Distinct(StringComparer.Ordinal))
            count += await TryAddAgentAsync(store, id, cancellation) ? 1 : 0;
        if (_documents.Count == 0)
            throw new StartException(NothingFound());
        if (chosen is not null)
            _documents[SealStateFile.Name] = Encoding.UTF8.GetBytes(SealStateFile.TextOf(chosen));
        return count;
    }

    /// <summary>The counted usage.</summary>
    public async Task<IEnumerable<KeyValuePair<UsageKey, UsageCounters>>> UsageAsync(CancellationToken cancellation) =>
        await _files.ReadUsageAsync(cancellation);

    public void Dispose()
    {
        _files.Dispose();
        _keys.Dispose();
    }

    private string NothingFound()
    {
        var inside = StateFolder.ProgramFolders.Select(name => Path.Join(_source.Path, name)).FirstOrDefault(Directory.Exists);
        return "It holds no state of ClawGrpc, OpenClaw or its earlier names: no configuration, no agent with profiles and no "
            + $"client.{(inside is null ? "" : $" Is it {inside}?")}";
    }

    private void AddConfiguration()
    {
        RefusePlainSecrets();
        foreach (var file in _configuration.Outcome.Files.Where(file => _configuration.TextOf(file) is not null))
        {
            var name = Path.GetRelativePath(_source.Path, file);
            if (name.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(name))
            {
                throw new StartException(
                    $"The configuration includes {file}, which is outside of the folder. Move it in there first.");
            }

            _documents[name] = Encoding.UTF8.GetBytes(_configuration.TextOf(file)!);
        }

        // ClawGrpc's own configuration is what replicas read; that of another program is included by it.
        var own = Path.GetFileName(_source.ConfigPath);
        if (own != StateFolder.OwnConfig && _configuration.TextOf(_source.ConfigPath) is not null)
            _documents[StateFolder.OwnConfig] = Encoding.UTF8.GetBytes($"{{ $include: \"./{own}\" }}\n");
    }

    private void RefusePlainSecrets()
    {
        var texts = _configuration.Outcome.Files.Select(_configuration.TextOf).OfType<string>().ToList();
        var plain = PlainSecrets.In(Accepted, texts).ToList();
        if (plain.Count > 0)
        {
            throw new StartException(
                $"The configuration has secrets in plain text, and the database would have them too: {string.Join(", ", plain)}. "
                    + "Put a reference such as { source: 'env', provider: 'default', id: 'NAME' } in the place of each, or "
                    + "remove it there and onboard the key: claw models auth paste-api-key.");
        }
    }

    private async Task<bool> TryAddAgentAsync(PostgresStore store, string id, CancellationToken cancellation)
    {
        var (from, copy) = (DirectoryOf(id), CopyOf(id));

        // From a copy: what an older program wrote is brought up to date as it is read.
        StateFolder.MakeDirectory(copy);
        var ours = Directory.Exists(from) ? Directory.EnumerateFiles(from).Where(IsOfProfiles) : [];
        foreach (var file in ours.Where(file => new FileInfo(file).Length <= WholeFile.MaxBytes))
            File.Copy(file, Path.Join(copy, Path.GetFileName(file)));
        await _files.OpenAsync(id);
        if (WholeFile.Read(_files.PlaceOf(id)) is not { } profiles)
            return false;
        var origins = await _files.ReadOriginsAsync(id, cancellation);
        _documents[DocumentNames.ProfilesOf(id)] =
            store.SealedProfilesOf(id, profiles, Path.Join(from, StateFolder.AuthProfiles), origins);
        if (!origins.IsEmpty)
            _documents[DocumentNames.OriginsOf(id)] = Encoding.UTF8.GetBytes(OriginsFile.TextOf(origins));
        return true;
    }

    private static bool IsOfProfiles(string file) =>
        Path.GetFileName(file) is StateFolder.AuthProfiles or "auth.json" or OriginsFile.Name or GenerationsFile.Name;

    private string DirectoryOf(string id) =>
        Accepted.Agents.Find(id)?.AgentDir is { } configured ? _source.Expand(configured) : _source.AgentDir(id);

    private string CopyOf(string id) => Path.Join(_copies, id);
}
