using Microsoft.Extensions.Time.Testing;

namespace ClawGrpc.Testing;

/// <summary>
/// A clock that stands still until a test moves it. It stops at each timer that comes due on the way and runs it before the move
/// returns; and it says when the code under test waits on it. A timer that ticks more than a hundred times in one move misses
/// ticks, as it does on a machine that slept.
/// </summary>
public sealed class ManualTimeProvider(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<ManualTimer> _due = [];
    private bool _isAdvancing;
    private TimeSpan _setBack;
    private TimeSpan _shortestPeriod;
    private TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public new void Advance(TimeSpan by)
    {
        lock (_lock)
            (_shortestPeriod, _isAdvancing) = (by / 100, true);
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                if (_due.Count == 0)
                {
                    var (now, end) = (GetUtcNow(), GetUtcNow() + by);
                    var next = _timers.Select(timer => timer.Due).Where(time => time <= end).DefaultIfEmpty(end).Min();
                    by -= next - now;
                    base.Advance(next - now);
                }

                due = _due.Count > 0 ? _due[0] : null;
                if (due is null && by == TimeSpan.Zero)
                {
                    _isAdvancing = false;
                    return;
                }

                if (due is not null)
                    _due.Remove(due);
            }

            due?.Run();
        }
    }

    /// <summary>Sets the clock back, as an operator does: timers and measured spans run on.</summary>
    public void GoBack(TimeSpan by)
    {
        lock (_lock)
        {
            AdjustTime(GetUtcNow() - by);
            _setBack += by;
        }
    }

    public override long GetTimestamp() => base.GetTimestamp() + _setBack.Ticks;

    /// <summary>Completes when something waits on this clock.</summary>
    public Task WaitForTimerAsync() => FindAsync(_ => true);

    /// <summary>
    /// Completes when something waits once, for a span from <paramref name="atLeast"/> to <paramref name="atMost"/>.
    /// </summary>
    public Task WaitForTimerAsync(TimeSpan atLeast, TimeSpan atMost) => FindAsync(timer => timer.WaitsFor(atLeast, atMost));

    /// <summary>Completes when something ticks with this period.</summary>
    public Task WaitForPeriodAsync(TimeSpan period) => FindAsync(timer => timer.Period == period && timer.Span == period);

    /// <summary>
    /// Whether something waits once now, for a span from <paramref name="atLeast"/> to <paramref name="atMost"/>.
    /// </summary>
    public bool HasTimer(TimeSpan atLeast, TimeSpan atMost) => Find(timer => timer.WaitsFor(atLeast, atMost)) is not null;

    /// <summary>Waits until something waits like that, and moves to the end of its wait.</summary>
    public async Task PassAsync(TimeSpan atLeast, TimeSpan atMost) =>
        AdvanceTo(await FindAsync(timer => timer.WaitsFor(atLeast, atMost)));

    /// <summary>Moves to the end of such a wait. False if there is none.</summary>
    public bool TryPass(TimeSpan atLeast, TimeSpan atMost)
    {
        if (Find(timer => timer.WaitsFor(atLeast, atMost)) is not { } due)
            return false;
        AdvanceTo(due);
        return true;
    }

    /// <summary>Moves to the end of every such wait until <paramref name="task"/> is done, and no further.</summary>
    public async Task<T> PassUntilAsync<T>(Task<T> task, TimeSpan atLeast, TimeSpan atMost)
    {
        while (!task.IsCompleted)
        {
            var due = FindAsync(timer => timer.WaitsFor(atLeast, atMost));
            if (await Task.WhenAny(task, due) == due)
                AdvanceTo(await due);
        }

        return await task;
    }

    private void AdvanceTo(DateTimeOffset time) => Advance(TimeSpan.FromTicks(Math.Max(0, (time - GetUtcNow()).Ticks)));

    private DateTimeOffset? Find(Predicate<ManualTimer> isIt)
    {
        lock (_lock)
            return _timers.Find(isIt)?.Due;
    }

    private async Task<DateTimeOffset> FindAsync(Predicate<ManualTimer> isIt)
    {
        while (true)
        {
            var armed = Volatile.Read(ref _armed).Task;
            if (Find(isIt) is { } due)
                return due;
            await armed.WaitAsync(TimeSpan.FromSeconds(30), System);
        }
    }

    // The clock under it says what is due; the callback runs when the clock has stopped there and no lock is held.
    private sealed class ManualTimer : ITimer
    {
        private readonly ManualTimeProvider _clock;
        private readonly Action _callback;
        private readonly ITimer _timer;
        private readonly Lock _running = new();

        public ManualTimer(ManualTimeProvider clock, Action callback)
        {
            (_clock, _callback) = (clock, callback);
            _timer = clock.Arm(ComeDue);
        }

        public DateTimeOffset Due { get; private set; }

        public TimeSpan Span { get; private set; }

        public TimeSpan Period { get; private set; }

        public bool WaitsFor(TimeSpan atLeast, TimeSpan atMost) => Period <= TimeSpan.Zero && Span >= atLeast && Span <= atMost;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_clock._lock)
            {
                Forget();
                (Due, Span, Period) = (_clock.GetUtcNow() + dueTime, dueTime, period);
                if (dueTime == TimeSpan.Zero && period <= TimeSpan.Zero)
                {
                    // Due now: it does not wait for a move.
                    _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Run(), this, preferLocal: false);
                    return true;
                }

                if (dueTime != Timeout.InfiniteTimeSpan)
                    _clock._timers.Add(this);
                _timer.Change(dueTime, period);
            }

            Interlocked.Exchange(ref _clock._armed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            return true;
        }

        public void Run()
        {
            lock (_running)
                _callback();
        }

        public void Dispose()
        {
            lock (_clock._lock)
            {
                Forget();
                _timer.Dispose();
            }
        }

        // As the system's timers do, it waits for a callback that runs already.
        public ValueTask DisposeAsync()
        {
            Dispose();
            if (!_running.TryEnter())
                return new(Task.Run(() => _running.EnterScope().Dispose()));
            _running.Exit();
            return ValueTask.CompletedTask;
        }

        private void Forget()
        {
            _clock._timers.Remove(this);
            _clock._due.Remove(this);
        }

        private void ComeDue(object? state)
        {
            lock (_clock._lock)
            {
                // Stopped meanwhile.
                if (!_clock._timers.Contains(this))
                    return;

                // Who asks for the time fires timers in place of who moves it, and may do so when the move is over.
                if (_clock._isAdvancing)
                    _clock._due.Add(this);
                else
                    ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Run(), this, preferLocal: false);
                if (Period <= TimeSpan.Zero)
                {
                    _clock._timers.Remove(this);
                    return;
                }

                var next = Period > _clock._shortestPeriod ? Period : _clock._shortestPeriod;
                Due += next;
                _timer.Change(next, next);
            }
        }
    }

    private ITimer Arm(TimerCallback comeDue) =>
        base.CreateTimer(comeDue, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
