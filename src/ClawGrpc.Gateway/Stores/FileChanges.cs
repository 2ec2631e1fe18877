using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Notices when the content of files or directories changes, whoever changes it. By looking twice a second: it costs a few
/// microseconds for each file, works on every file system and loses nothing, which the system's notifications do not promise.
/// </summary>
internal sealed class FileChanges(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // Null if not looked at yet.
    private readonly ConcurrentDictionary<string, Sighting?> _seen = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, bool> _unread = new(StringComparer.Ordinal);

    /// <summary>
    /// Watches a file or directory, which need not exist. It counts as changed at the next look, since it may have changed after
    /// whoever adds it read it. Again: no effect.
    /// </summary>
    public void Add(string path) => _seen.TryAdd(path, null);

    /// <summary>Watches a file without reading it: one whose content should not be in memory more often than needed.</summary>
    public void AddUnread(string path)
    {
        _unread.TryAdd(path, true);
        Add(path);
    }

    /// <summary>A path that is watched counts as changed at the next look, whether or not it is.</summary>
    public void Touch(string path)
    {
        if (_seen.ContainsKey(path))
            _seen[path] = null;
    }

    /// <summary>Watches it no longer.</summary>
    public void Remove(string path) => _seen.TryRemove(path, out _);

    /// <summary>
    /// The paths that changed, as they do, until cancelled; several changes in a row may come as one. For one reader.
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
            var now = Look(path, before);
            if (_seen.TryUpdate(path, now, before) && now.Content != before?.Content)
                changed.Add(path);
        }

        return changed;
    }

    private Sighting Look(string path, Sighting? before)
    {
        FileIdentity? identity = null;
        try
        {
            identity = FileIdentity.Of(path);
            if (identity is null)
                return Sighting.OfNothing;
            if (before?.File == identity && before.IsSettled)
                return before;
            var content = Directory.Exists(path) || _unread.ContainsKey(path) ? identity.ToString()! : HashOf(path);
            return new Sighting(identity, identity.Value.IsSettled, content);
        }
        catch (Exception exception) when (exception is IOException or StateUnreadableException)
        {
            return new Sighting(identity, false, exception.Message);
        }
    }

    private static string HashOf(string path) => Convert.ToHexString(SHA256.HashData(WholeFile.Read(path) ?? []));

    /// <param name="File">Null if there is none.</param>
    /// <param name="IsSettled">Whether the same identity means the same content.</param>
    /// <param name="Content">Equal when the content is.</param>
    private sealed record Sighting(FileIdentity? File, bool IsSettled, string Content)
    {
        public static readonly Sighting OfNothing = new(null, true, "");
    }
}
