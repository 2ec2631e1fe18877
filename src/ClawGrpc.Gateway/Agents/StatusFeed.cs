namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// The revision of one agent's status, and a level trigger for its changes. There is no queue: a slow watcher finds the latest
/// state when it looks again.
/// </summary>
internal sealed class StatusFeed(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _changed;
    private Revision _current = new(Microseconds(time.GetUtcNow()), time.GetUtcNow());

    /// <param name="Number">Grows with every change.</param>
    /// <param name="ChangeTime">When the revision came to be.</param>
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

    /// <summary>Makes a new revision. To be called after each change of anything that the status shows.</summary>
    public void Publish()
    {
        TaskCompletionSource? wake;
        lock (_gate)
        {
            // Numbered by the clock, so that revisions after a restart are newer than those before it; by one where the clock
            // stands still or goes back.
            var now = time.GetUtcNow();
            _current = new Revision(Math.Max(_current.Number + 1, Microseconds(now)), now);
            (wake, _changed) = (_changed, null);
        }

        wake?.SetResult();
    }

    private static long Microseconds(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
