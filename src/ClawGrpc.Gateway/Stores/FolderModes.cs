namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Refuses folders in which other users could replace credentials or configuration. Who can write to a folder above them can
/// too, by another folder in the place of one below it. sshd asks the same of its files (StrictModes).
/// </summary>
internal static class FolderModes
{
    /// <summary>What others than the owner may not have.</summary>
    public const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private const int MostLinks = 40;

    /// <summary>Refuses folders into which others could put files.</summary>
    /// <exception cref="UnusableFolderException">One of them, with the command that mends it.</exception>
    public static void RefuseWritable(IEnumerable<string> folders) => Refuse(folders.Where(Directory.Exists), Others);

    /// <summary>
    /// Refuses a file or folder that others could replace, which need not exist. Where the sticky bit is set, as in <c>/tmp</c>,
    /// they can replace only what is theirs.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="UnusableFolderException">A folder on the way to it, with the command that mends it.</exception>
    public static void RefuseReplaceable(string path) =>
        Refuse(OnTheWayTo(path).Where(folder => !File.GetUnixFileMode(folder).HasFlag(UnixFileMode.StickyBit)), Others);

    private static void Refuse(IEnumerable<string> folders, UnixFileMode forbidden)
    {
        foreach (var folder in folders)
        {
            var mode = File.GetUnixFileMode(folder);
            if ((mode & forbidden) != 0)
            {
                throw new UnusableFolderException(
                    $"The folder {folder} can be written by others than its owner (mode {Convert.ToString((int)mode, 8)}), who "
                    + $"could replace credentials and configuration. Mend it: chmod go-w {StateFolder.Quoted(folder)}");
            }
        }
    }

    // Every folder that is looked into to find the path, those that links lead through included.
    private static IEnumerable<string> OnTheWayTo(string path)
    {
        var (at, links) = ("/", 0);
        var rest = new Stack<string>(PartsOf(path));
        yield return at;
        while (rest.TryPop(out var part))
        {
            var next = Path.GetFullPath(part, at);
            if (new FileInfo(next).LinkTarget is { } target && links++ < MostLinks)
            {
                foreach (var step in PartsOf(target))
                    rest.Push(step);
                if (Path.IsPathRooted(target))
                    at = "/";
                continue;
            }

            if (!Directory.Exists(next))
                yield break;
            at = next;
            yield return at;
        }
    }

    // The last first, as a stack takes them.
    private static IEnumerable<string> PartsOf(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse();
}
