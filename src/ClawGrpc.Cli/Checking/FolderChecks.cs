namespace ClawGrpc.Cli.Checking;

/// <summary>The state folder, when it is on this machine, and the file of the token.</summary>
internal static class FolderChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const UnixFileMode Writers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    // What holds secrets, or decides who may call.
    private static readonly string[] Private =
        ["clients.json", "admin-token", "clawgrpc.key", "audit.jsonl", "credentials/oauth.json"];

    /// <summary>Whether others can look into the folder, or change it.</summary>
    public static IEnumerable<Finding> Of(string folder)
    {
        if (OperatingSystem.IsWindows())
            yield break;
        if (!Directory.Exists(folder))
        {
            yield return new Finding(Level.Problem, "Folder", $"{folder} does not exist", $"clawgrpc --state-dir {folder}");
            yield break;
        }

        var mode = File.GetUnixFileMode(folder);
        if ((mode & Writers) != 0)
            yield return new Finding(Level.Problem, "Folder", $"others can write into {folder}", $"chmod go-rwx {folder}");
        else if ((mode & Others) != 0)
            yield return new Finding(Level.Warning, "Folder", $"others can look into {folder}", $"chmod go-rwx {folder}");
        else
            yield return new Finding(Level.Ok, "Folder", $"{folder} is its owner's alone");
        foreach (var path in SecretFiles(folder))
        {
            if ((File.GetUnixFileMode(path) & Others) != 0)
                yield return new Finding(Level.Problem, "Folder", $"others can read {path}", $"chmod 600 {path}");
        }
    }

    /// <summary>Whether others can read the file of the token; null if not.</summary>
    public static Finding? OfTokenFile(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & Others) != 0
            ? new Finding(Level.Problem, "Token", $"others can read {path}", $"chmod 600 {path}")
            : null;

    private static IEnumerable<string> SecretFiles(string folder)
    {
        var agents = Path.Join(folder, "agents");
        var profiles = Directory.Exists(agents)
            ? Directory.EnumerateDirectories(agents).Select(agent => Path.Join(agent, "agent", "auth-profiles.json"))
            : [];
        return Private.Select(name => Path.Join(folder, name)).Concat(profiles).Where(File.Exists)
            .Order(StringComparer.Ordinal);
    }
}
