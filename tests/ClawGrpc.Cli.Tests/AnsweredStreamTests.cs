using System.IO.Pipelines;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;

namespace ClawGrpc.Cli.Tests;

/// <summary>A port that accepts connections and says nothing.</summary>
public sealed class AnsweredStreamTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = ManualTime.AtTheRecordedRuns();
    private readonly Pipe _peer = new();
    private readonly byte[] _buffer = new byte[1];

    [Fact]
    public async Task Peer_that_says_nothing_is_left()
    {
        await using var stream = new AnsweredStream(_peer.Reader.AsStream(), Patience, _time);
        var reading = stream.ReadAsync(_buffer).AsTask();
        _time.Advance(Patience - TimeSpan.FromTicks(1));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<TimeoutException>(() => reading);
    }

    [Fact]
    public async Task Peer_that_has_answered_may_be_silent()
    {
        await using var stream = new AnsweredStream(_peer.Reader.AsStream(), Patience, _time);
        await _peer.Writer.WriteAsync(new byte[] { 1 });
        Assert.Equal(1, await stream.ReadAsync(_buffer));
        var reading = stream.ReadAsync(_buffer).AsTask();
        _time.Advance(Patience + Patience);
        await _peer.Writer.WriteAsync(new byte[] { 2 });
        Assert.Equal((1, 2), (await reading, _buffer[0]));
    }

    [Fact]
    public async Task Caller_that_leaves_is_not_told_of_a_timeout()
    {
        await using var stream = new AnsweredStream(_peer.Reader.AsStream(), Patience, _time);
        using var caller = new CancellationTokenSource();
        var reading = stream.ReadAsync(_buffer, caller.Token).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }
}
