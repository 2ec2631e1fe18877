using System.Threading.Channels;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>A clock that stands still until a test moves it, and tells when somebody waits for it.</summary>
public sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly Channel<bool> _waits = Channel.CreateUnbounded<bool>();
    private DateTimeOffset _now = now;

    /// <summary>2026-02-08T12:00:00Z, the frozen clock of the recorded OpenClaw runs.</summary>
    public static ManualTime AtTheRecordedRuns() => new(DateTimeOffset.FromUnixTimeMilliseconds(1770552000000));

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    /// <summary>Comes back when a wait has begun that no earlier call of this has reported.</summary>
    public async Task SomebodyWaitsAsync() => await _waits.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Moves the clock; waits that end by then end now.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += by;
            due = _timers.Where(timer => timer.Due <= _now).ToList();
            _timers.RemoveAll(due.Contains);
        }

        due.ForEach(timer => timer.Fire());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan) return true;
            lock (time._lock)
            {
                Due = time._now + dueTime;
                time._timers.Add(this);
            }

            time._waits.Writer.TryWrite(true);
            return true;
        }

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
