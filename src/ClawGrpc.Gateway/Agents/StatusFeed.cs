namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// The revision of one agent's status and a level trigger for its changes. There is no queue: a watcher that is slow finds the
/// latest state when it looks again.
/// </summary>
internal sealed class StatusFeed(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _changed;
    private Revision _current = new(Microseconds(time.GetUtcNow()), time.GetUtcNow());

    /// <summary>A revision and when it came to be.</summary>
    internal readonly record struct Revision(long Number, DateTimeOffset ChangeTime);

    /// <summary>The revision in force.</summary>
    public Revision Current
    {
        get
        {
            lock (_gate)
                return _current;
        }
    }

    /// <summary>The revision in force, and a task that ends with the next one.</summary>
    public (Revision Current, Task Changed) Look()
    {
        lock (_gate)
            return (_current, (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task);
    }

    /// <summary>Something that the status tells has changed.</summary>
    public void Publish()
    {
        TaskCompletionSource? wake;
        lock (_gate)
        {
            // Numbered by the clock, so that a revision of before a restart is never newer than one of after it; by one where the
            // clock stands or goes back.
            var now = time.GetUtcNow();
            _current = new Revision(Math.Max(_current.Number + 1, Microseconds(now)), now);
            (wake, _changed) = (_changed, null);
        }

        wake?.SetResult();
    }

    private static long Microseconds(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
