using System.Security.Cryptography;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Replaces a file as a whole: readers see the old content or the new one, also after a crash. The content goes to a temporary
/// file in the same directory, to the disk, and then to its name.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // OpenClaw's temporary files are named otherwise and are never touched.
    private const string Mark = ".clawgrpc-";
    private const string Ending = ".tmp";

    private readonly string _target;
    private readonly string _temporary;

    private AtomicFile(string target, string temporary) => (_target, _temporary) = (target, temporary);

    /// <summary>Replaces the file, or makes it.</summary>
    public static Task WriteAsync(
        string path, byte[] content, UnixFileMode mode = OwnerOnly, CancellationToken cancellation = default) => Task.Run(
            () =>
            {
                using var file = Prepare(path, content, mode);
                file.Commit();
            },
            cancellation);

    /// <summary>Writes the temporary file. Nothing changes until <see cref="Commit"/>.</summary>
    /// <param name="path">When it is a symbolic link, the file it points to is the one that is replaced.</param>
    /// <param name="content">The whole new content.</param>
    /// <param name="mode">
    /// Exactly, whatever the process's mask. If null, a file that exists keeps its own, and a new one is its owner's alone.
    /// </param>
    /// <param name="like">The file whose owner, group and mode a new one gets; null for the folder's owner.</param>
    /// <exception cref="UnauthorizedAccessException">This process cannot leave owner and group as they are.</exception>
    public static AtomicFile Prepare(string path, byte[] content, UnixFileMode? mode = null, string? like = null)
    {
        var target = TargetOf(path);
        var kept = File.Exists(target) ? target : like;
        var file = new AtomicFile(target, TemporaryOf(target));
        try
        {
            using var handle = File.OpenHandle(file._temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            File.SetUnixFileMode(handle, OwnerOnly);
            if (kept is not null)
                Posix.Give(file._temporary, kept);
            else
                Posix.TryGive(file._temporary, Path.GetDirectoryName(target)!);
            File.SetUnixFileMode(handle, mode ?? (kept is null ? OwnerOnly : File.GetUnixFileMode(kept)));
            RandomAccess.Write(handle, content, 0);
            RandomAccess.FlushToDisk(handle);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Gives the temporary file its name.</summary>
    /// <returns>The identity of what was written; null if it was replaced since.</returns>
    public FileIdentity? Commit()
    {
        var written = FileIdentity.Of(_temporary);
        File.Move(_temporary, _target, overwrite: true);
        Posix.FlushDirectory(Path.GetDirectoryName(_target)!);

        // Renaming counts as a change, so the identity is taken after it, and is ours only if all else is.
        var now = FileIdentity.Of(_target);
        return now?.Inode == written?.Inode && now?.Modified == written?.Modified ? now : null;
    }

    /// <summary>Removes the temporary file if it was not committed.</summary>
    public void Dispose() => File.Delete(_temporary);

    /// <summary>An unused name beside a file or directory, which <see cref="RemoveLeftovers"/> knows.</summary>
    public static string TemporaryOf(string path) =>
        $"{path}{Mark}{RandomNumberGenerator.GetHexString(16, lowercase: true)}{Ending}";

    /// <summary>Removes what a crash left in a directory. Only while no program writes there.</summary>
    public static void RemoveLeftovers(string directory)
    {
        if (!Directory.Exists(directory))
            return;
        foreach (var leftover in Directory.EnumerateFiles(directory, $"*{Mark}*{Ending}"))
            File.Delete(leftover);
        foreach (var leftover in Directory.EnumerateDirectories(directory, $"*{Mark}*{Ending}"))
            Directory.Delete(leftover, recursive: true);
    }

    /// <summary>The file that a path names, through symbolic links.</summary>
    public static string TargetOf(string path) => new FileInfo(path).LinkTarget is null
        ? Path.GetFullPath(path)
        : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
}
