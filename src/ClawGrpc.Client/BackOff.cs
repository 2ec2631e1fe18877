namespace ClawGrpc.Client;

/// <summary>How long a status watch waits before it calls again.</summary>
internal static class BackOff
{
    /// <summary>The first and shortest wait.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.2);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>The wait after a number of failures in a row: it doubles with each, and spreads by a quarter either way,
    /// so that the watchers of a server that restarts do not come back in one instant.</summary>
    /// <param name="failures">How many calls in a row brought no message; at least 1.</param>
    /// <param name="jitter">A random number, 0 to 1.</param>
    public static TimeSpan Delay(int failures, double jitter)
    {
        var doubled = Shortest * Math.Pow(2, Math.Min(failures - 1, 16));
        var delay = doubled < Longest ? doubled : Longest;
        var spread = delay * (0.75 + (jitter / 2));
        return spread < Shortest ? Shortest : spread < Longest ? spread : Longest;
    }
}
