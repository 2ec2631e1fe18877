using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>A clock that moves to the end of each wait at once: tests of locks need not wait for them.</summary>
internal sealed class InstantTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>The waits so far.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    /// <summary>Called before a wait is over.</summary>
    public Action WhileWaiting { get; set; } = () => { };

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (period == Timeout.InfiniteTimeSpan && dueTime != Timeout.InfiniteTimeSpan)
            ThreadPool.QueueUserWorkItem(_ => End(dueTime));
        return timer;
    }

    private void End(TimeSpan wait)
    {
        WhileWaiting();
        Waits.Enqueue(wait);
        Advance(wait);
    }
}
