using Microsoft.Extensions.Internal;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// The server's clock, as memory caches take it. It never goes back, which would make their entries live longer.
/// </summary>
internal sealed class CacheClock(TimeProvider time) : ISystemClock
{
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private readonly long _started = time.GetTimestamp();

    public DateTimeOffset UtcNow => _start + time.GetElapsedTime(_started);
}
