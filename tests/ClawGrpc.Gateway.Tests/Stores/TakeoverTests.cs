using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>Between the look at a stale lock and its removal another program may have taken it.</summary>
public sealed class TakeoverTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private readonly TestFolder _folder = new();

    private string File => _folder["auth-profiles.json"];

    private string Lock => File + ".lock";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lock_that_was_taken_since_it_was_seen_stale_stays()
    {
        Make(Noon.AddMinutes(-1));
        using var cancellation = new CancellationTokenSource();
        var time = new MeddlingTime(Noon, () =>
        {
            Directory.Delete(Lock);
            Make(Noon.AddSeconds(-1));
        });
        var acquiring = LockFolder.AcquireAsync(File, LockTiming.OpenClaw, time, cancellation.Token);
        await time.Waiting;
        Assert.True(time.HasMeddled);
        Assert.Equal(["auth-profiles.json.lock/"], _folder.Names);
        Assert.Equal(Noon.AddSeconds(-1).UtcDateTime, Directory.GetLastWriteTimeUtc(Lock));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => acquiring);
        Assert.Equal(Noon.AddSeconds(-1).UtcDateTime, Directory.GetLastWriteTimeUtc(Lock));
    }

    [Fact]
    public async Task Stale_lock_that_is_given_back_meanwhile_is_not_missed()
    {
        Make(Noon.AddMinutes(-1));
        var time = new MeddlingTime(Noon, () => Directory.Delete(Lock));
        var acquiring = LockFolder.AcquireAsync(File, LockTiming.OpenClaw, time, CancellationToken.None);
        if (await Task.WhenAny(acquiring, time.Waiting) == time.Waiting)
            time.EndWaits();
        using var held = await acquiring;
        Assert.True(held.IsHeld);
        Assert.Equal(["auth-profiles.json.lock/"], _folder.Names);
    }

    private void Make(DateTimeOffset time)
    {
        Directory.CreateDirectory(Lock);
        Directory.SetLastWriteTimeUtc(Lock, time.UtcDateTime);
    }

    /// <summary>A clock that stands, and does something when it is looked at for the first time. Waits last until told.</summary>
    private sealed class MeddlingTime(DateTimeOffset now, Action meddle) : TimeProvider
    {
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new();

        public bool HasMeddled { get; private set; }

        /// <summary>Completes when something waits.</summary>
        public Task Waiting => _waiting.Task;

        public void EndWaits() => _ended.SetResult();

        public override DateTimeOffset GetUtcNow()
        {
            if (!HasMeddled)
            {
                HasMeddled = true;
                meddle();
            }

            return now;
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
                return System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            var timer = System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _ = _ended.Task.ContinueWith(
                _ => timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan), TaskScheduler.Default);
            _waiting.TrySetResult();
            return timer;
        }
    }
}
