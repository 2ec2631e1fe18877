using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ClawGrpc.Server.State;

/// <summary>
/// Notices when files or directories change, whoever changed them. By looking twice a second: it costs a few microseconds for each
/// file, works on every file system and loses nothing, which the system's notifications do not promise.
/// </summary>
internal sealed class FileChanges(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Sighting> _seen = new(StringComparer.Ordinal);

    /// <summary>Watches a file or directory, which need not exist, for changes from now on. Again: no effect.</summary>
    public void Add(string path) => _seen.TryAdd(path, Look(path));

    /// <summary>Watches it no longer.</summary>
    public void Remove(string path) => _seen.TryRemove(path, out _);

    /// <summary>
    /// The paths that changed, as they do, until cancelled; several changes in a row may come as one. A path may come once more
    /// although nothing changed, when it was written so recently that a second write could not be told from the first. For one
    /// reader.
    /// </summary>
    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            foreach (var path in Changed())
                yield return path;
        }
    }

    /// <summary>The paths that changed since they were last looked at.</summary>
    public IReadOnlyList<string> Changed()
    {
        var changed = new List<string>();
        foreach (var (path, before) in _seen)
        {
            var now = Look(path);
            if (now != before && _seen.TryUpdate(path, now, before))
                changed.Add(path);
        }

        return changed;
    }

    private static Sighting Look(string path)
    {
        try
        {
            return FileIdentity.Of(path) is { } identity ? new Sighting(identity, identity.IsSettled) : default;
        }
        catch (IOException)
        {
            return default;
        }
    }

    // Becoming settled counts as a change: a write that looks like the one before it may hide behind it.
    private readonly record struct Sighting(FileIdentity? File, bool IsSettled);
}
