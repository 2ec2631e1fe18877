namespace ClawGrpc.Server.State;

/// <summary>Where the files of a server are (openclaw-spec.md, section 1.1).</summary>
internal sealed class StateFolder
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string OwnConfig = "clawgrpc.json";
    private const int MaxAgentIdLength = 64;

    // Of the programs whose folder this may be, in the order in which OpenClaw looks for them.
    private static readonly string[] KnownConfigs = [OwnConfig, "openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];

    private readonly string _home;

    private StateFolder(string path, string home) => (Path, _home) = (path, home);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>The configuration: our own file, or that of the program whose folder it is. It need not exist.</summary>
    public string ConfigPath =>
        KnownConfigs.Select(name => System.IO.Path.Join(Path, name)).FirstOrDefault(File.Exists) ?? System.IO.Path.Join(Path, OwnConfig);

    /// <summary>The file that a server locks while it works on the folder.</summary>
    public string ServerLockPath => System.IO.Path.Join(Path, "clawgrpc.lock");

    /// <summary>The folder with one folder for each agent.</summary>
    public string AgentsPath => System.IO.Path.Join(Path, "agents");

    /// <summary>Resolves the folder: the option, else <c>CLAWGRPC_STATE_DIR</c>, else <c>~/.clawgrpc</c>. Blank counts as not given.</summary>
    /// <param name="option">The value of <c>--state-dir</c>; null: not given.</param>
    /// <param name="environment">The value of a variable; null: not set.</param>
    /// <param name="home">The user's home directory, for a <c>~</c> at the beginning.</param>
    public static StateFolder Resolve(string? option, Func<string, string?> environment, string home)
    {
        var given = new[] { option, environment("CLAWGRPC_STATE_DIR"), "~/.clawgrpc" }.First(path => !string.IsNullOrWhiteSpace(path))!.Trim();
        return new StateFolder(Expand(given, home), home);
    }

    /// <summary>A path of the configuration, absolute; <c>~</c> is the user's home directory.</summary>
    public string Expand(string path) => Expand(path, _home);

    private static string Expand(string path, string home)
    {
        var trimmed = path.Trim();
        var expanded = trimmed == "~" || trimmed.StartsWith("~/", StringComparison.Ordinal) ? home + trimmed[1..] : trimmed;
        return System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(expanded));
    }

    /// <summary>A path as people read it: <c>~</c> for the user's home directory.</summary>
    public string Short(string path) => path.StartsWith(_home + "/", StringComparison.Ordinal) ? $"~{path[_home.Length..]}" : path;

    /// <summary>Whether this can be an agent's id: a plain name that cannot lead out of the folder.</summary>
    public static bool IsAgentId(string id) =>
        id.Length is > 0 and <= MaxAgentIdLength && id is not ("." or "..")
        && id.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');

    /// <summary>The folder of an agent's files.</summary>
    /// <exception cref="ArgumentException">It is no agent's id.</exception>
    public string AgentDir(string agentId) => IsAgentId(agentId)
        ? System.IO.Path.Join(AgentsPath, agentId, "agent")
        : throw new ArgumentException("This is no agent's id.", nameof(agentId));

    /// <summary>The file of an agent's profiles.</summary>
    public string AuthProfilesPath(string agentId) => System.IO.Path.Join(AgentDir(agentId), "auth-profiles.json");

    /// <summary>The agents that have a folder, by id.</summary>
    public IReadOnlyList<string> StoredAgents() => !Directory.Exists(AgentsPath)
        ? []
        : [.. Directory.EnumerateDirectories(AgentsPath).Select(path => System.IO.Path.GetFileName(path)).Where(IsAgentId).Order(StringComparer.Ordinal)];

    /// <summary>Makes the folder, its owner's alone. One that exists is left as it is.</summary>
    public void Create() => MakeDirectory(Path);

    /// <summary>Makes a directory and those above it, each its owner's alone. Those that exist are left as they are.</summary>
    public static void MakeDirectory(string path)
    {
        if (Directory.Exists(path))
            return;
        var parent = System.IO.Path.GetDirectoryName(path)!;
        MakeDirectory(parent);
        Directory.CreateDirectory(path, OwnerOnly);
        Posix.FlushDirectory(parent);
    }

    /// <summary>Removes what a crash left. Only under the <see cref="ServerLock"/>, before anything is written.</summary>
    public void RemoveLeftovers()
    {
        AtomicFile.RemoveLeftovers(Path);
        foreach (var agent in StoredAgents())
        {
            AtomicFile.RemoveLeftovers(AgentDir(agent));
            LockFolder.RemoveLeftover(AuthProfilesPath(agent));
        }
    }
}
