namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The lock between programs that write the same file, by the protocol of proper-lockfile that OpenClaw uses: who can make the
/// directory <c>FILE.lock</c> holds it, refreshes its time while holding it, and removes it. One whose time is old is stale.
/// What no program leaves there is never taken over (a file, a folder with content, a time that lies ahead), and errors name it.
/// </summary>
internal sealed class LockFolder : IDisposable, IAsyncDisposable
{
    // No other program makes its locks sticky, which changes nothing for an empty directory: the bit tells this program's locks
    // from others', from the moment they are there.
    private const UnixFileMode Mode = StateFolder.OwnerOnly | UnixFileMode.StickyBit;

    // Programs that do not look twice remove a stale lock within this time of seeing it, whoever's it is by then: who still has
    // it after that has it.
    private static readonly TimeSpan TakeOver = TimeSpan.FromMilliseconds(50);

    // Clocks of machines that share a folder differ by a little.
    private static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

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
    public static async Task<LockFolder> AcquireAsync(
        string file, LockTiming timing, TimeProvider time, CancellationToken cancellation)
    {
        var folder = FolderOf(file);
        for (var retry = 0; ; retry++)
        {
            if (await TryTakeAsync(folder, timing, time, cancellation) is { } held)
                return held;
            if (retry == timing.Retries)
                throw Busy(file, file, time);
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

    /// <summary>Whether somebody holds the lock of a file, or did when it crashed.</summary>
    public static bool IsTaken(string file) => Path.Exists(FolderOf(file));

    /// <summary>The error of who does not get a lock, with what is in its place.</summary>
    /// <param name="file">The file that is not updated.</param>
    /// <param name="locked">The file of the lock.</param>
    /// <param name="time">The clock.</param>
    public static StateNotWrittenException Busy(string file, string locked, TimeProvider time)
    {
        var folder = FolderOf(locked);
        return StateNotWrittenException.LockBusy(file, folder, StateOf(folder, time.GetUtcNow().UtcDateTime));
    }

    /// <summary>
    /// Removes the locks of a file, and of names that begin like it, that a crashed server left, so that no caller waits until
    /// they are stale. Only for the start of a server, when no other server works on the folder.
    /// </summary>
    public static void RemoveLeftovers(string file)
    {
        var target = AtomicFile.TargetOf(file);
        var directory = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(directory))
            return;
        foreach (var folder in Directory.EnumerateDirectories(directory, $"{Path.GetFileName(target)}*.lock"))
        {
            if (File.GetUnixFileMode(folder).HasFlag(UnixFileMode.StickyBit))
                Remove(folder);
        }
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

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    // Node resolves links before it locks, so this does too.
    private static string FolderOf(string file) => AtomicFile.TargetOf(file) + ".lock";

    private static async Task<LockFolder?> TryTakeAsync(
        string folder, LockTiming timing, TimeProvider time, CancellationToken cancellation)
    {
        if (TryMake(folder, time) is { } made)
            return new LockFolder(folder, made, timing, time);
        var old = StampOf(folder);
        var isStale = old < time.GetUtcNow().UtcDateTime - timing.Stale;
        if (isStale ? !TryRemoveStale(folder, old!.Value) : old is not null)
            return null;
        if (TryMake(folder, time) is not { } stamp)
            return null;
        var held = new LockFolder(folder, stamp, timing, time);
        try
        {
            if (isStale)
                await Task.Delay(TakeOver, time, cancellation);
            if (held.IsHeld)
                return held;
        }
        catch (OperationCanceledException)
        {
            held.Dispose();
            throw;
        }

        held.Dispose();
        return null;
    }

    private static string StateOf(string folder, DateTime now)
    {
        const string remedy = "no program takes it over. If no program uses it, remove it.";
        try
        {
            if (File.Exists(folder))
                return $"The lock {folder} is a file and not a folder: {remedy}";
            if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
                return $"The lock {folder} is a folder that is not empty: {remedy}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"The lock {folder} cannot be looked into: {exception.Message}";
        }

        return StampOf(folder) > now + MostSkew
            ? $"The lock {folder} has a time that lies ahead, and does not become stale before: {remedy}"
            : $"Another program holds the lock {folder}.";
    }

    // Several may see the same stale lock, and the slower ones would remove the lock of the one that took over. So it is moved
    // away first, to a name of its own, and put back if it is not the stale one.
    private static bool TryRemoveStale(string folder, DateTime stale)
    {
        var aside = AtomicFile.TemporaryOf(folder);
        try
        {
            Directory.Move(folder, aside);
            if (StampOf(aside) == stale && Remove(aside))
                return true;
            Directory.Move(aside, folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody else was faster, before or after.
            Remove(aside);
        }

        return false;
    }

    private static DateTime? TryMake(string folder, TimeProvider time) =>
        Posix.TryMakeDirectory(folder, Mode) ? Stamp(folder, time) : null;

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

    /// <summary>Gives the directory the time now, and tells which it got; null if it is gone.</summary>
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

    // False: it is gone already, or another program put something into it; then it is busy, and taking it says so.
    private static bool Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
