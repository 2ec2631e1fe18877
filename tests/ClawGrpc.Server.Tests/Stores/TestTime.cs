using System.Collections.Concurrent;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>
/// A clock whose waits are over at once, and are the only thing that moves it. Periodic timers tick when told to.
/// </summary>
internal sealed class TestTime(DateTimeOffset start) : TimeProvider
{
    private readonly ConcurrentBag<TestTimer> _periodic = [];
    private long _ticks = start.UtcTicks;

    /// <summary>The waits so far.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    /// <summary>Called before a wait is over.</summary>
    public Action WhileWaiting { get; set; } = () => { };

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Move(TimeSpan span) => Interlocked.Add(ref _ticks, span.Ticks);

    /// <summary>Lets every periodic timer tick once.</summary>
    public void Tick()
    {
        foreach (var timer in _periodic)
            timer.Tick();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TestTimer(() => callback(state));
        if (period != Timeout.InfiniteTimeSpan)
            _periodic.Add(timer);
        else if (dueTime != Timeout.InfiniteTimeSpan)
            ThreadPool.QueueUserWorkItem(_ => Wait(timer, dueTime));
        return timer;
    }

    private void Wait(TestTimer timer, TimeSpan dueTime)
    {
        WhileWaiting();
        Waits.Enqueue(dueTime);
        Move(dueTime);
        timer.Tick();
    }

    private sealed class TestTimer(Action tick) : ITimer
    {
        private volatile bool _isDisposed;

        public void Tick()
        {
            if (!_isDisposed)
                tick();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => !_isDisposed;

        public void Dispose() => _isDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
