namespace ClawGrpc.Server.State;

/// <summary>
/// The lock between programs that write the same file, by the protocol of proper-lockfile that OpenClaw uses: who can make the
/// directory <c>FILE.lock</c> holds it, refreshes its time while holding it, and removes it. One whose time is old is nobody's.
/// </summary>
internal sealed class LockFolder : IDisposable
{
    // No other program makes its locks sticky, which changes nothing for an empty directory: the bit tells this program's locks from
    // others', from the moment they are there.
    private const UnixFileMode Mode = StateFolder.OwnerOnly | UnixFileMode.StickyBit;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly ITimer _refresh;
    private DateTime _stamp;
    private bool _isLost;

    private LockFolder(string folder, DateTime stamp, LockTiming timing, TimeProvider time)
    {
        (_folder, _stamp, _time) = (folder, stamp, time);
        _refresh = time.CreateTimer(_ => Refresh(), null, timing.Stale / 2, timing.Stale / 2);
    }

    /// <summary>Takes the lock of a file, which need not exist, waiting for it as <paramref name="timing"/> says.</summary>
    /// <exception cref="StateNotWrittenException">It cannot be had.</exception>
    public static async Task<LockFolder> AcquireAsync(string file, LockTiming timing, TimeProvider time, CancellationToken cancellation)
    {
        var folder = FolderOf(file);
        for (var retry = 0; ; retry++)
        {
            if (TryTake(folder, timing, time) is { } stamp)
                return new LockFolder(folder, stamp, timing, time);
            if (retry == timing.Retries)
                throw StateNotWrittenException.LockBusy(file);
            await Task.Delay(timing.Delay(retry, Random.Shared.NextDouble()), time, cancellation);
        }
    }

    /// <summary>
    /// Whether the lock is still held. Another program may have taken it when this one was suspended for longer than it takes to
    /// become stale: to be asked before writing.
    /// </summary>
    public bool IsHeld
    {
        get
        {
            lock (_gate)
                return !_isLost && StampOf(_folder) == _stamp;
        }
    }

    /// <summary>
    /// Removes a lock that a server that crashed left, so that nobody waits until it is stale. Only for the start of a server: no
    /// other one works on the folder then.
    /// </summary>
    public static void RemoveLeftover(string file)
    {
        var folder = FolderOf(file);
        if (Directory.Exists(folder) && File.GetUnixFileMode(folder).HasFlag(UnixFileMode.StickyBit))
            Remove(folder);
    }

    /// <summary>Gives the lock back, if it is still held.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _refresh.Dispose();
            if (IsHeld)
                Remove(_folder);
            _isLost = true;
        }
    }

    // Node resolves links before it locks, so this does too.
    private static string FolderOf(string file) => AtomicFile.TargetOf(file) + ".lock";

    private static DateTime? TryTake(string folder, LockTiming timing, TimeProvider time)
    {
        if (Posix.TryMakeDirectory(folder, Mode))
            return Stamp(folder, time);
        var isStale = StampOf(folder) is { } stamp && stamp < time.GetUtcNow().UtcDateTime - timing.Stale;
        if (isStale)
            Remove(folder);
        return (isStale || StampOf(folder) is null) && Posix.TryMakeDirectory(folder, Mode) ? Stamp(folder, time) : null;
    }

    private void Refresh()
    {
        lock (_gate)
        {
            if (IsHeld && Stamp(_folder, _time) is { } stamp)
                _stamp = stamp;
            else
                _isLost = true;
        }
    }

    /// <summary>Gives the directory the time now, and tells which it got; null: it is gone.</summary>
    private static DateTime? Stamp(string folder, TimeProvider time)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(folder, time.GetUtcNow().UtcDateTime);
            return StampOf(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static DateTime? StampOf(string folder) =>
        Directory.GetLastWriteTimeUtc(folder) is { Year: > 1601 } stamp ? stamp : null;

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Gone already, or another program put something into it: then it is busy, and taking it says so.
        }
    }
}
