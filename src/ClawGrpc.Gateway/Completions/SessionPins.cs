using System.Collections.Concurrent;
using ClawGrpc.Gateway.Stores;
using Microsoft.Extensions.Caching.Memory;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Which profile last served a session, so that its prompt cache stays warm, at whichever server it is served. Only a preference:
/// selection checks it against order, eligibility and cooldowns each time. Forgotten after the longest time a cache lives, and
/// the oldest first when there are many.
/// </summary>
internal sealed class SessionPins : IAsyncDisposable
{
    private const int Most = 100_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenExchanges = TimeSpan.FromSeconds(1);

    private readonly MemoryCache _pins;
    private readonly IStateStore _store;
    private readonly TimeProvider _time;

    // What other servers do not know yet.
    private readonly ConcurrentDictionary<UInt128, string> _untold = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _exchanging;
    private int _isDisposed;

    public SessionPins(IStateStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        _pins = new MemoryCache(new MemoryCacheOptions { SizeLimit = Most, Clock = new CacheClock(time) });
        _exchanging = store.IsShared ? Task.Run(ExchangeForEverAsync) : Task.CompletedTask;
    }

    public string? Find(string agentId, string sessionId) =>
        sessionId.Length > 0 && _pins.TryGetValue(SessionPin.HashOf(agentId, sessionId), out string? profileId)
            ? profileId
            : null;

    public void Pin(string agentId, string sessionId, string profileId)
    {
        if (sessionId.Length == 0 || profileId.Length == 0)
            return;
        var session = SessionPin.HashOf(agentId, sessionId);
        Keep(session, profileId);

        // While others cannot be told, no more are kept than this.
        if (_store.IsShared && (_untold.ContainsKey(session) || _untold.Count < Most))
            _untold[session] = profileId;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _closing.CancelAsync();
        await _exchanging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _pins.Dispose();
        _closing.Dispose();
    }

    private void Keep(UInt128 session, string profileId) => _pins.Set(
        session, profileId, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Lifetime });

    private async Task ExchangeForEverAsync()
    {
        using var timer = new PeriodicTimer(BetweenExchanges, _time);
        while (await timer.WaitForNextTickAsync(_closing.Token))
        {
            var mine = _untold.Select(each => new SessionPin(each.Key, each.Value)).ToList();
            try
            {
                foreach (var pin in await _store.ExchangePinsAsync(mine, _closing.Token))
                {
                    // What served here since then is newer.
                    if (!_untold.ContainsKey(pin.Session))
                        Keep(pin.Session, pin.ProfileId);
                }

                foreach (var told in mine)
                    _untold.TryRemove(KeyValuePair.Create(told.Session, told.ProfileId));
            }
            catch (StateNotWrittenException)
            {
                // The store says so itself. A session that moves meanwhile may find a cold cache.
            }
        }
    }
}
