using Microsoft.Extensions.Internal;

namespace ClawGrpc.Gateway.Completions;

/// <summary>The server's clock, as memory caches take it.</summary>
internal sealed class CacheClock(TimeProvider time) : ISystemClock
{
    public DateTimeOffset UtcNow => time.GetUtcNow();
}
