using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Where the files of a server are (openclaw-spec.md, section 1.1).</summary>
internal sealed class StateFolder
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The name of ClawGrpc's own configuration, which may include that of the folder's program.</summary>
    public const string OwnConfig = "clawgrpc.json";

    /// <summary>The name of the file of an agent's profiles.</summary>
    public const string AuthProfiles = "auth-profiles.json";

    private const string Main = "main";
    private const int MaxAgentIdLength = 64;

    // Of the programs whose folder this may be, in the order in which OpenClaw looks for them: variable, folder, configuration.
    private static readonly (string Prefix, string Folder, string Config)[] Programs =
    [
        ("CLAWGRPC", ".clawgrpc", OwnConfig),
        ("OPENCLAW", ".openclaw", "openclaw.json"),
        ("CLAWDBOT", ".clawdbot", "clawdbot.json"),
        ("MOLTBOT", ".moltbot", "moltbot.json"),
        ("MOLDBOT", ".moldbot", "moldbot.json"),
    ];

    private readonly string _home;
    private readonly string _newConfig;
    private readonly string? _namedConfig;
    private readonly string? _namedAgentDir;
    private readonly string? _sharedAgentDir;
    private readonly string? _namedOAuthDir;
    private readonly Generation? _namedGeneration;
    private readonly ImmutableArray<string> _furtherFolders;

    private StateFolder(string path, string newConfig, Func<string, string?> environment, string home)
    {
        (Path, _newConfig, _home) = (path, newConfig, home);
        _namedConfig = Named("CONFIG_PATH");
        _namedAgentDir = Named("AGENT_DIR") ?? Expanded(environment("PI_CODING_AGENT_DIR"));
        _sharedAgentDir = Expanded(environment("CLAWGRPC_AGENT_DIR")) is null ? _namedAgentDir : null;
        _namedOAuthDir = Named("OAUTH_DIR");

        // OpenClaw whose folder is named goes on using the configuration of the usual folder while there is no other.
        _furtherFolders = Expanded(environment("OPENCLAW_STATE_DIR")) == path
            ? [.. Programs.Skip(1).Select(program => System.IO.Path.Join(home, program.Folder))]
            : [];
        _namedGeneration = environment("CLAWGRPC_GENERATION") is { } name && !string.IsNullOrWhiteSpace(name)
            ? Generation.Find(name) ?? throw new ArgumentException($"CLAWGRPC_GENERATION: expected one of {Generation.Names}.")
            : null;

        string? Named(string what) => Programs
            .Select(program => Expanded(environment($"{program.Prefix}_{what}")))
            .FirstOrDefault(found => found is not null);
        string? Expanded(string? given) => string.IsNullOrWhiteSpace(given) ? null : Expand(given, home);
    }

    /// <summary>The names of the folders of the programs, as they are in a home.</summary>
    public static IEnumerable<string> ProgramFolders => Programs.Select(static program => program.Folder);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>The configuration: our own file, or that of the program whose folder it is. It need not exist.</summary>
    public string ConfigPath => ConfigPathAfter(null);

    /// <summary>The same of a server that has used a configuration.</summary>
    /// <param name="used">
    /// The one that was used until now, which stays the one if it is gone: another file of less rank does not replace it. Null if
    /// none was.
    /// </param>
    public string ConfigPathAfter(string? used) => _namedConfig
        ?? _furtherFolders.Prepend(Path)
            .SelectMany(folder => Programs.Select(program => System.IO.Path.Join(folder, program.Config)))
            .FirstOrDefault(path => path == used || IsThere(path))
        ?? System.IO.Path.Join(Path, _newConfig);

    /// <summary>The file that a server locks while it works on the folder.</summary>
    public string ServerLockPath => System.IO.Path.Join(Path, "clawgrpc.lock");

    /// <summary>The file of clients and their tokens.</summary>
    public string ClientsPath => System.IO.Path.Join(Path, "clients.json");

    /// <summary>The file of what clients have spent of their budgets.</summary>
    public string BudgetsPath => System.IO.Path.Join(Path, "budgets.json");

    /// <summary>The folder of counted usage, with one file for each month.</summary>
    public string UsagePath => System.IO.Path.Join(Path, "clawgrpc-usage");

    /// <summary>The file of the server's key.</summary>
    public string ServerKeyPath => System.IO.Path.Join(Path, "clawgrpc.key");

    /// <summary>The file that says that the state is in a database, and in which one.</summary>
    public string ReplicaPath => System.IO.Path.Join(Path, "clawgrpc-replica");

    /// <summary>The file of the audit.</summary>
    public string AuditPath => System.IO.Path.Join(Path, "audit.jsonl");

    /// <summary>The file of the token that <c>claw</c> uses on a loopback port.</summary>
    public string AdminTokenPath => System.IO.Path.Join(Path, "admin-token");

    /// <summary>The folder with one folder for each agent.</summary>
    public string AgentsPath => System.IO.Path.Join(Path, "agents");

    /// <summary>The logins of before there were profiles (section 1.3). It need not exist.</summary>
    public string LegacyLoginsPath =>
        System.IO.Path.Join(_namedOAuthDir ?? System.IO.Path.Join(Path, "credentials"), "oauth.json");

    /// <summary>
    /// Resolves the folder: the option, else <c>CLAWGRPC_STATE_DIR</c> or the variable of one of the programs, else the first of
    /// their folders that exists, else <c>~/.clawgrpc</c>. Blank counts as not given.
    /// </summary>
    /// <param name="option">The value of <c>--state-dir</c>; null if not given.</param>
    /// <param name="environment">The value of a variable; null if not set.</param>
    /// <param name="home">The user's home directory, for a <c>~</c> at the beginning.</param>
    /// <exception cref="ArgumentException"><c>CLAWGRPC_GENERATION</c> names none.</exception>
    public static StateFolder Resolve(string? option, Func<string, string?> environment, string home)
    {
        if (!string.IsNullOrWhiteSpace(option))
            return Named(option, OwnConfig);
        foreach (var (prefix, _, config) in Programs)
        {
            if (environment($"{prefix}_STATE_DIR") is { } named && !string.IsNullOrWhiteSpace(named))
                return Named(named, config);
        }

        var found = Programs.Select(program => program.Folder)
            .FirstOrDefault(folder => Directory.Exists(System.IO.Path.Join(home, folder)));
        return Named($"~/{found ?? Programs[0].Folder}", OwnConfig);

        StateFolder Named(string given, string config)
        {
            var path = Expand(given, home);
            var byFolder = Programs.FirstOrDefault(program => program.Folder == System.IO.Path.GetFileName(path)).Config;
            return new StateFolder(path, byFolder ?? config, environment, home);
        }
    }

    /// <summary>Whose rules hold: <c>CLAWGRPC_GENERATION</c>, else what can be seen.</summary>
    /// <param name="files">The files of the configuration: one that our own includes says more than it.</param>
    /// <param name="writtenBy"><c>meta.lastTouchedVersion</c> of the configuration; null if it does not say.</param>
    public Generation GenerationOf(IEnumerable<string> files, string? writtenBy) => _namedGeneration ?? Generation.Of(
        files.Select(file => System.IO.Path.GetFileName(file))
            .FirstOrDefault(name => Programs.Skip(1).Any(program => program.Config == name)) ?? _newConfig,
        writtenBy);

    /// <summary>
    /// The program of before that reads an agent's folder too, which then could not read sealed secrets; null if none does.
    /// </summary>
    /// <param name="directory">The agent's folder.</param>
    public string? OtherProgramOf(string directory)
    {
        if (directory == _sharedAgentDir)
            return "OpenClaw";
        string[] parts = [.. $"{Path}/{directory}".Split('/')];
        return Programs.Skip(1)
            .Where(program => parts.Contains(program.Folder) || program.Config == _newConfig
                || IsThere(System.IO.Path.Join(Path, program.Config)))
            .Select(program => $"{program.Prefix[0]}{program.Prefix[1..].ToLowerInvariant()}".Replace("Openclaw", "OpenClaw"))
            .FirstOrDefault();
    }

    /// <summary>A path of the configuration, absolute; <c>~</c> is the user's home directory.</summary>
    public string Expand(string path) => Expand(path, _home);

    /// <summary>A file that the configuration names: a relative path is one of this folder.</summary>
    public string FileOf(string path) =>
        path.TrimStart().StartsWith('~') ? Expand(path) : System.IO.Path.GetFullPath(path.Trim(), Path);

    private static string Expand(string path, string home)
    {
        var trimmed = path.Trim();
        var expanded = trimmed == "~" || trimmed.StartsWith("~/", StringComparison.Ordinal) ? home + trimmed[1..] : trimmed;
        try
        {
            return System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(expanded));
        }
        catch (FileNotFoundException)
        {
            throw new UnusableFolderException($"The working folder is gone, in which {expanded} would be. Give absolute paths.");
        }
    }

    // A folder, or a link to nothing, in the place of the configuration is an error and not the absence of one.
    private static bool IsThere(string path) => System.IO.Path.Exists(path) || FileIdentity.IsLink(path);

    /// <summary>A path as people read it: <c>~</c> for the user's home directory.</summary>
    public string Short(string path) =>
        path.StartsWith(_home + "/", StringComparison.Ordinal) ? $"~{path[_home.Length..]}" : path;

    /// <summary>Whether this can be an agent's id: a plain name that cannot lead out of the folder.</summary>
    public static bool IsAgentId(string id) =>
        id.Length is > 0 and <= MaxAgentIdLength && id is not ("." or "..")
        && id.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');

    /// <summary>
    /// The folder of an agent's files; that of the main agent may be elsewhere by <c>OPENCLAW_AGENT_DIR</c> and its like.
    /// </summary>
    /// <exception cref="ArgumentException">It is no agent's id.</exception>
    public string AgentDir(string agentId) => !IsAgentId(agentId)
        ? throw new ArgumentException("This is no agent's id.", nameof(agentId))
        : agentId == Main && _namedAgentDir is { } named ? named : System.IO.Path.Join(AgentsPath, agentId, "agent");

    /// <summary>The file of an agent's profiles.</summary>
    public string AuthProfilesPath(string agentId) => System.IO.Path.Join(AgentDir(agentId), AuthProfiles);

    /// <summary>The agents that have a folder, by id.</summary>
    public IReadOnlyList<string> StoredAgents() => !Directory.Exists(AgentsPath)
        ? []
        : [.. Directory.EnumerateDirectories(AgentsPath).Select(path => System.IO.Path.GetFileName(path))
            .Where(IsAgentId).Order(StringComparer.Ordinal)];

    /// <summary>Makes the folder, its owner's alone. One that exists is left as it is.</summary>
    /// <exception cref="UnusableFolderException">
    /// It cannot be made, or others than its owner can write to it or to a folder above it.
    /// </exception>
    public void Create()
    {
        FolderModes.RefuseReplaceable(Path);
        MakeUsable(Path, "The state folder");
        if (System.IO.Path.Exists(AgentsPath) && !Directory.Exists(AgentsPath))
            throw new UnusableFolderException($"The state folder {Path} cannot be used: {AgentsPath} is not a folder.");
        var agents = StoredAgents().SelectMany(id => new[] { System.IO.Path.Join(AgentsPath, id), AgentDir(id) });
        FolderModes.RefuseWritable([Path, AgentsPath, .. agents]);
    }

    /// <summary>Makes a folder unless it exists, and says what stands in the way if that cannot be.</summary>
    /// <exception cref="UnusableFolderException">It cannot be made.</exception>
    public static void MakeUsable(string path, string what)
    {
        try
        {
            MakeDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = ObstacleOf(path) ?? exception.Message.TrimEnd('.');
            throw new UnusableFolderException($"{what} {path} cannot be used: {why}.");
        }
    }

    // What is there and is no folder.
    private static string? ObstacleOf(string path)
    {
        for (var part = path; part is not null; part = System.IO.Path.GetDirectoryName(part))
        {
            if (Directory.Exists(part))
                return null;
            if (File.Exists(part))
                return FileIdentity.IsLink(part) ? $"{part} is a link that leads to no folder" : $"{part} is not a folder";
        }

        return null;
    }

    /// <summary>A path as a shell takes it.</summary>
    public static string Quoted(string path) =>
        path.All(each => char.IsAsciiLetterOrDigit(each) || "/._-".Contains(each)) ? path : $"'{path.Replace("'", "'\\''")}'";

    /// <summary>
    /// Makes a directory and those above it, each its owner's alone, who is that of the one above if this process may give it
    /// away. Those that exist are left as they are.
    /// </summary>
    public static void MakeDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        var parent = System.IO.Path.GetDirectoryName(path)!;
        MakeDirectory(parent);
        Directory.CreateDirectory(path, OwnerOnly);
        Posix.TryGive(path, parent);
        Posix.FlushDirectory(parent);
    }

    /// <summary>Removes what a crash left. Only under the <see cref="ServerLock"/>, before anything is written.</summary>
    public void RemoveLeftovers()
    {
        AtomicFile.RemoveLeftovers(Path);
        foreach (var agent in StoredAgents())
        {
            AtomicFile.RemoveLeftovers(AgentDir(agent));
            LockFolder.RemoveLeftovers(AuthProfilesPath(agent));
        }
    }
}
