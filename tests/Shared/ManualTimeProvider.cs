namespace ClawGrpc.Testing;

/// <summary>
/// A clock that stands still until it is told to move; timers that come due while it moves run before the move returns.
/// </summary>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _now = start;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.Due <= _now + by).MinBy(timer => timer.Due);
                var step = (due?.Due ?? _now + by) - _now;
                _now += step;
                by -= step;
                due?.Begin();
            }

            if (due is null)
            {
                return;
            }

            due.Run();
        }
    }

    /// <summary>Completes when something waits on this clock: only then is there a point in moving it.</summary>
    public Task WaitForTimerAsync() => FindAsync(_ => true);

    /// <summary>Completes when something waits once, for a span from <paramref name="atLeast"/> to <paramref name="atMost"/>.</summary>
    public Task WaitForTimerAsync(TimeSpan atLeast, TimeSpan atMost) => DueAsync(atLeast, atMost);

    /// <summary>Whether something waits like that now.</summary>
    public bool HasTimer(TimeSpan atLeast, TimeSpan atMost)
    {
        lock (_lock)
        {
            return _timers.Exists(timer => timer.IsOnce && timer.Span >= atLeast && timer.Span <= atMost);
        }
    }

    /// <summary>Completes when something ticks with this period.</summary>
    public Task WaitForPeriodAsync(TimeSpan period) => FindAsync(timer => !timer.IsOnce && timer.Span == period);

    /// <summary>Waits until something waits once, for a span from <paramref name="atLeast"/> to <paramref name="atMost"/>, and moves to its end.</summary>
    public async Task PassAsync(TimeSpan atLeast, TimeSpan atMost) => AdvanceTo(await DueAsync(atLeast, atMost));

    /// <summary>Moves to the end of such a wait if there is one now. False: there is none, or none any more.</summary>
    public bool TryPass(TimeSpan atLeast, TimeSpan atMost)
    {
        DateTimeOffset due;
        lock (_lock)
        {
            if (_timers.Find(timer => timer.IsOnce && timer.Span >= atLeast && timer.Span <= atMost) is not { } found)
            {
                return false;
            }

            due = found.Due;
        }

        AdvanceTo(due);
        return true;
    }

    /// <summary>Moves to the end of every such wait until <paramref name="task"/> is done, and no further.</summary>
    public async Task<T> PassUntilAsync<T>(Task<T> task, TimeSpan atLeast, TimeSpan atMost)
    {
        while (!task.IsCompleted)
        {
            var due = DueAsync(atLeast, atMost);
            if (await Task.WhenAny(task, due) == due)
            {
                AdvanceTo(await due);
            }
        }

        return await task;
    }

    private void AdvanceTo(DateTimeOffset time) => Advance(TimeSpan.FromTicks(Math.Max(0, (time - GetUtcNow()).Ticks)));

    private Task<DateTimeOffset> DueAsync(TimeSpan atLeast, TimeSpan atMost) =>
        FindAsync(timer => timer.IsOnce && timer.Span >= atLeast && timer.Span <= atMost);

    private async Task<DateTimeOffset> FindAsync(Func<ManualTimer, bool> isIt)
    {
        while (true)
        {
            Task armed;
            lock (_lock)
            {
                if (_timers.Find(timer => isIt(timer)) is { } found)
                {
                    return found.Due;
                }

                armed = _armed.Task;
            }

            await armed.WaitAsync(TimeSpan.FromSeconds(30), System);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private int _runs;
        private TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DateTimeOffset Due { get; private set; }

        /// <summary>What it was set to.</summary>
        public TimeSpan Span { get; private set; }

        public bool IsOnce => _period <= TimeSpan.Zero;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            TaskCompletionSource armed;
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                (Due, Span) = (clock._now + dueTime, dueTime);
                clock._timers.Add(this);
                armed = clock._armed;
                clock._armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            armed.TrySetResult();
            return true;
        }

        /// <summary>It is due: called under the clock's lock, before <see cref="Run"/>.</summary>
        public void Begin()
        {
            if (_runs++ == 0)
            {
                _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (_period > TimeSpan.Zero)
            {
                Due += _period;
            }
            else
            {
                clock._timers.Remove(this);
            }
        }

        public void Run()
        {
            try
            {
                callback(state);
            }
            finally
            {
                End();
            }
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
            }
        }

        // Two who move the clock may have it run twice at once.
        private void End()
        {
            lock (clock._lock)
            {
                if (--_runs == 0)
                {
                    _idle.SetResult();
                }
            }
        }

        // As the system's timers do, it waits for what runs already.
        public ValueTask DisposeAsync()
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                return _runs > 0 ? new(_idle.Task) : ValueTask.CompletedTask;
            }
        }
    }
}
