using Microsoft.Extensions.Caching.Memory;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Which profile last served a session, so that its prompt cache stays warm. Only a preference: selection checks it against
/// order, eligibility and cooldowns each time. Forgotten after the longest time a cache lives, and the oldest first when there
/// are many.
/// </summary>
internal sealed class SessionPins(TimeProvider time) : IDisposable
{
    private const int Most = 100_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private readonly MemoryCache _pins = new(new MemoryCacheOptions { SizeLimit = Most, Clock = new CacheClock(time) });

    public string? Find(string agentId, string sessionId) =>
        sessionId.Length > 0 && _pins.TryGetValue((agentId, sessionId), out string? profileId) ? profileId : null;

    public void Pin(string agentId, string sessionId, string profileId)
    {
        var options = new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Lifetime };
        if (sessionId.Length > 0 && profileId.Length > 0)
            _pins.Set((agentId, sessionId), profileId, options);
    }

    public void Dispose() => _pins.Dispose();
}
