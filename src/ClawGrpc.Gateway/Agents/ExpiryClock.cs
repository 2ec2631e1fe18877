using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>Calls back whenever time alone changes what profiles say: a cooldown ends, a token expires.</summary>
internal sealed class ExpiryClock : IAsyncDisposable
{
    private readonly Func<ProfileStore> _profiles;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private bool _isAtRest = true;

    /// <param name="profiles">The profiles now.</param>
    /// <param name="moved">Called at each change.</param>
    /// <param name="time">The clock.</param>
    public ExpiryClock(Func<ProfileStore> profiles, Action moved, TimeProvider time)
    {
        (_profiles, _time) = (profiles, time);
        _timer = time.CreateTimer(
            _ =>
            {
                Arm();
                moved();
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets the clock to the next change. To be called after the profiles changed.</summary>
    public void Arm()
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var change = Expiry.NextChange(_profiles(), now);

            // Most often there is none, before and after.
            if (change is null && _isAtRest)
                return;
            _isAtRest = change is null;
            _timer.WakeAt(_time, change);
        }
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();
}
