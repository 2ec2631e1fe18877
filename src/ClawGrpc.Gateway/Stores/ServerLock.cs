using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>One server for each state folder: a lock that the system takes back when the process ends, however it ends.</summary>
internal sealed class ServerLock : IDisposable
{
    private readonly FileStream _file;

    private ServerLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, writes this process's id into its file, and removes what a crash left in the folder.</summary>
    /// <exception cref="StateFolderInUseException">Another process has it.</exception>
    /// <exception cref="UnusableFolderException">The file of the lock cannot be used.</exception>
    public static ServerLock Acquire(StateFolder folder)
    {
        var file = Open(folder);
        try
        {
            Posix.TryGive(folder.ServerLockPath, folder.Path);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            folder.RemoveLeftovers();
            return new ServerLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Gives the lock back. Its file stays: who removed it might remove another's.</summary>
    public void Dispose() => _file.Dispose();

    private static FileStream Open(StateFolder folder)
    {
        var path = folder.ServerLockPath;
        if ((Path.Exists(path) || FileIdentity.IsLink(path)) && !Posix.IsRegularFile(path))
            throw Unusable("it is not a regular file; remove it");
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = AtomicFile.OwnerOnly,
            });
        }
        catch (IOException) when (HolderOf(path) is { } holder)
        {
            throw new StateFolderInUseException(folder.Path, holder, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unusable(exception.Message.TrimEnd('.'));
        }

        UnusableFolderException Unusable(string why) =>
            new($"The state folder {folder.Path} cannot be used, since its lock {path} cannot be taken: {why}.");
    }

    private static string? HolderOf(string path)
    {
        using var file = Posix.OpenToRead(path);
        if (file is null)
            return null;
        var text = new byte[20];
        var length = RandomAccess.Read(file, text, 0);
        var holder = Encoding.ASCII.GetString(text, 0, length).Trim();
        return holder.Length > 0 && holder.All(char.IsAsciiDigit) ? holder : "unknown";
    }
}
