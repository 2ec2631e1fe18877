namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// The revision of one agent's status, and a level trigger for its changes. There is no queue: a slow watcher finds the latest
/// state when it looks again.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="first">The revision to begin with; null for one of now.</param>
internal sealed class StatusFeed(TimeProvider time, long? first = null)
{
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private TaskCompletionSource? _changed;
    private Revision _current = new(first ?? Microseconds(time.GetUtcNow()), time.GetUtcNow());

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
    /// <param name="stored">
    /// The number that the store gave to the change, which all servers use; 0, or one of before, if it gave none.
    /// </param>
    public void Publish(long stored = 0)
    {
        TaskCompletionSource? wake;
        lock (_gate)
        {
            // Numbered by the clock, so that revisions after a restart are newer than those before it; by one where the clock
            // stands still or goes back.
            var now = time.GetUtcNow();
            var number = stored > _current.Number ? stored : Math.Max(_current.Number + 1, Microseconds(now));
            _current = new Revision(number, now);
            (wake, _changed) = (_changed, null);
        }

        wake?.SetResult();
    }

    /// <summary>
    /// Waits until a revision is reached that a watcher has seen at another server; if it is not for a while, makes a later one,
    /// so that no watcher sees a status go back.
    /// </summary>
    /// <param name="seen">The revision.</param>
    /// <param name="within">For how long.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>False if it cannot be one: it lies further ahead than clocks differ.</returns>
    public async Task<bool> ReachAsync(long seen, TimeSpan within, CancellationToken cancellation)
    {
        var end = time.GetUtcNow() + within;
        while (Look() is var (current, changed) && current.Number < seen)
        {
            if (seen > Microseconds(time.GetUtcNow() + MostAhead))
                return false;
            try
            {
                await changed.WaitAsync(end > time.GetUtcNow() ? end - time.GetUtcNow() : TimeSpan.Zero, time, cancellation);
            }
            catch (TimeoutException)
            {
                Publish(seen + 1);
            }
        }

        return true;
    }

    private static long Microseconds(DateTimeOffset now) => (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
