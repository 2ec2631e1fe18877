namespace ClawGrpc.Gateway.Stores;

/// <summary>What tells one content of a file or directory from another without reading it.</summary>
/// <param name="Inode">0 where the system does not tell.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Modified">When the content last changed, in nanoseconds since 1970.</param>
/// <param name="Changed">When content, name or mode last changed, in nanoseconds since 1970.</param>
internal readonly record struct FileIdentity(ulong Inode, ulong Size, Int128 Modified, Int128 Changed)
{
    // Clocks of file systems tick in milliseconds to seconds: two writes in one tick look the same.
    private static readonly TimeSpan CoarsestTick = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether a later change is sure to show. A file written just now may change again unseen. By the clock of the machine,
    /// which also stamps the files, whatever clock the rest of the server goes by.
    /// </summary>
    public bool IsSettled => NanosecondsNow() - Int128.Max(Modified, Changed) > (Int128)CoarsestTick.TotalNanoseconds;

    /// <summary>The identity now; null if there is no such file.</summary>
    /// <exception cref="IOException">The system does not tell, or there is a link to a file that is not there.</exception>
    public static FileIdentity? Of(string path) => Look(path) ?? (IsLink(path)
        ? throw new IOException("it is a link to a file that does not exist.")
        : null);

    /// <summary>Whether there is a symbolic link, wherever it leads.</summary>
    public static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static FileIdentity? Look(string path)
    {
        if (OperatingSystem.IsLinux())
            return Posix.LinuxStat(path);
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        var size = info is FileInfo { Exists: true } file ? (ulong)file.Length : 0;
        return info.Exists
            ? new FileIdentity(0, size, Nanoseconds(info.LastWriteTimeUtc), Nanoseconds(info.CreationTimeUtc))
            : null;
    }

    private static Int128 NanosecondsNow() => Nanoseconds(DateTime.UtcNow);

    private static Int128 Nanoseconds(DateTime time) => (Int128)(time - DateTime.UnixEpoch).Ticks * 100;
}
