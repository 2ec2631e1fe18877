namespace ClawGrpc.Gateway;

/// <summary>Timers that wait for a time that may be far away.</summary>
internal static class Alarm
{
    // Timers do not take any length, and waking up once a day costs nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Lets a timer fire once: at a time, at once if that has passed, after a day if it is further away, and never if it is null.
    /// </summary>
    public static void WakeAt(this ITimer timer, TimeProvider time, DateTimeOffset? at)
    {
        if (at is not { } end)
        {
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // A clock that has moved on between the two, as on a machine that slept, would let it fire that much too late.
        DateTimeOffset now;
        do
        {
            now = time.GetUtcNow();
            var wait = end > now ? end - now : TimeSpan.Zero;
            timer.Change(wait < Longest ? wait : Longest, Timeout.InfiniteTimeSpan);
        }
        while (end > now && time.GetUtcNow() - now > Tolerance);
    }
}
