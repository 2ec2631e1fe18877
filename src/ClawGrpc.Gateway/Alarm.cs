namespace ClawGrpc.Gateway;

/// <summary>Timers that wait for a time that may be far away.</summary>
internal static class Alarm
{
    // Timers do not take any length, and waking up once a day costs nothing.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>Lets a timer fire once, after a wait or after a day if the wait is longer; never if it is null.</summary>
    public static void WakeIn(this ITimer timer, TimeSpan? wait)
    {
        var due = wait is not { } span ? Timeout.InfiniteTimeSpan : span < Longest ? span : Longest;
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}
