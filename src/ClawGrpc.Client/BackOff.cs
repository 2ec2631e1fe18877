namespace ClawGrpc.Client;

/// <summary>The delay before a status watch calls again.</summary>
internal static class BackOff
{
    /// <summary>The first and shortest delay.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.2);

    /// <summary>The longest delay.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);

    /// <summary>The delay doubles with each failure in a row. Jitter of a quarter either way keeps the watchers of a restarting
    /// server from reconnecting at the same instant.</summary>
    /// <param name="failures">How many calls in a row brought no message; at least 1.</param>
    /// <param name="jitter">A random number from 0 to 1.</param>
    public static TimeSpan Delay(int failures, double jitter)
    {
        var doubled = Shortest * Math.Pow(2, Math.Min(failures - 1, 16));
        var delay = doubled < Longest ? doubled : Longest;
        var spread = delay * (0.75 + (jitter / 2));
        return spread < Shortest ? Shortest : spread < Longest ? spread : Longest;
    }
}
