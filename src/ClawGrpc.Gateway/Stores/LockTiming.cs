namespace ClawGrpc.Gateway.Stores;

/// <summary>How a <see cref="LockFolder"/> waits. The defaults are those of OpenClaw (openclaw-spec.md, section 1.3).</summary>
internal sealed record LockTiming
{
    public static readonly LockTiming OpenClaw = new();

    /// <summary>A lock that was not refreshed for this long is stale: its holder crashed.</summary>
    public TimeSpan Stale { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often it is tried again.</summary>
    public int Retries { get; init; } = 10;

    /// <summary>The wait before the first repeat; it doubles with each.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>No wait is longer.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The wait before a repeat.</summary>
    /// <param name="retry">From 0.</param>
    /// <param name="random">From 0 up to 1; stretches the wait up to twofold.</param>
    public TimeSpan Delay(int retry, double random)
    {
        // Past this many doublings every wait is the longest one, and a few more would be longer than a span can be.
        var delay = FirstDelay * Math.Pow(2, Math.Min(retry, 20)) * (1 + random);
        return delay < MaxDelay ? delay : MaxDelay;
    }
}
