using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>A clock that only a test moves, and that signals when the program waits for it.</summary>
public sealed class ManualTime(DateTimeOffset now) : FakeTimeProvider(now)
{
    private readonly Channel<bool> _timers = Channel.CreateUnbounded<bool>();

    /// <summary>2026-02-08T12:00:00Z, the clock of the recorded OpenClaw runs.</summary>
    public static ManualTime AtTheRecordedRuns() => new(DateTimeOffset.FromUnixTimeMilliseconds(1770552000000));

    /// <summary>Completes when a timer has started that no earlier call reported.</summary>
    public async Task TimerStartedAsync() => await _timers.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
            _timers.Writer.TryWrite(true);
        return timer;
    }
}
