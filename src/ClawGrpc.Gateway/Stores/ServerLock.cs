using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>One server for each state folder: a lock that the system takes back when the process ends, however it ends.</summary>
internal sealed class ServerLock : IDisposable
{
    private readonly FileStream _file;

    private ServerLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, writes this process's id into its file, and removes what a crash left in the folder.</summary>
    /// <exception cref="StateFolderInUseException">Another process has it.</exception>
    public static ServerLock Acquire(StateFolder folder)
    {
        FileStream file;
        try
        {
            file = new FileStream(folder.ServerLockPath, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = AtomicFile.OwnerOnly,
            });
        }
        catch (IOException) when (HolderOf(folder.ServerLockPath) is { } holder)
        {
            throw new StateFolderInUseException(folder.Path, holder);
        }

        try
        {
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

    private static string? HolderOf(string path)
    {
        if (Directory.Exists(path))
            return null;
        using var file = Posix.OpenToRead(path);
        if (file is null)
            return null;
        var text = new byte[20];
        var length = RandomAccess.Read(file, text, 0);
        var holder = Encoding.ASCII.GetString(text, 0, length).Trim();
        return holder.Length > 0 && holder.All(char.IsAsciiDigit) ? holder : "unknown";
    }
}
