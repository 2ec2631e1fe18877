using System.Threading.Channels;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Cli.Tests;

/// <summary>The status watch of the client library, against a real server that stops and restarts.</summary>
public sealed class StatusWatchTests : IAsyncLifetime, IDisposable
{
    private readonly Terminal _terminal = new();
    private readonly List<string> _interruptions = [];
    private readonly CancellationTokenSource _end = new();
    private Channel<WatchStatusResponse> _messages = Channel.CreateUnbounded<WatchStatusResponse>();
    private GrpcChannel _channel = null!;
    private IAsyncEnumerator<AgentStatus> _statuses = null!;

    public async Task InitializeAsync()
    {
        _terminal.Script.Watch = Serve;
        await _terminal.StartAsync();
        _channel = ClawGrpcChannel.Create("unix:" + _terminal.SocketPath);
        var watch = new StatusWatch(new ModelService.ModelServiceClient(_channel))
        {
            Time = _terminal.Time,
            Jitter = () => 0.5,
            Interrupted = (failure, delay) => _interruptions.Add($"{failure.StatusCode} {delay.TotalSeconds}"),
            Resumed = () => _interruptions.Add("resumed"),
        };
        _statuses = watch.FollowAsync("main", cancellation: _end.Token).GetAsyncEnumerator();
    }

    public async Task DisposeAsync()
    {
        await _end.CancelAsync();
        _channel.Dispose();
        await _terminal.DisposeAsync();
    }

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task Restart_resumes_from_the_last_revision()
    {
        Send(1);
        Assert.Equal(1, await NextAsync());
        var next = NextAsync();

        await _terminal.StopAsync();
        await _terminal.Time.TimerStartedAsync();
        _messages = Channel.CreateUnbounded<WatchStatusResponse>();
        await _terminal.StartAsync();
        Send(4);
        _terminal.Time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal(4, await next);
        Assert.Equal([0, 1], _terminal.Script.Requests.OfType<WatchStatusRequest>().Select(request => request.KnownRevision));
        Assert.Equal("resumed", _interruptions[^1]);
    }

    [Fact]
    public async Task Delay_grows_until_a_message_arrives()
    {
        await _terminal.StopAsync();
        var next = NextAsync();
        foreach (var seconds in new[] { 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15 })
        {
            await _terminal.Time.TimerStartedAsync();
            Assert.Equal($"Unavailable {seconds}", _interruptions[^1]);
            _terminal.Time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await _terminal.Time.TimerStartedAsync();
        // A connection without a message does not reset the delay.
        _messages.Writer.Complete();
        await _terminal.StartAsync();
        _terminal.Time.Advance(TimeSpan.FromSeconds(15));
        await _terminal.Time.TimerStartedAsync();
        Assert.Equal("Unavailable 15", _interruptions[^1]);

        _messages = Channel.CreateUnbounded<WatchStatusResponse>();
        _messages.Writer.TryWrite(new WatchStatusResponse { Revision = 0 });
        _messages.Writer.Complete();
        _terminal.Time.Advance(TimeSpan.FromSeconds(15));
        await _terminal.Time.TimerStartedAsync();
        Assert.Equal(["resumed", "Unavailable 0.2"], _interruptions[^2..]);
        Assert.False(next.IsCompleted);
    }

    [Fact]
    public async Task Heartbeats_and_known_revisions_are_skipped()
    {
        Send(3);
        _messages.Writer.TryWrite(new WatchStatusResponse { Revision = 3 });
        Send(3);
        Send(5);
        Assert.Equal(3, await NextAsync());
        Assert.Equal(5, await NextAsync());
    }

    [Fact]
    public async Task Older_revision_of_restored_state_is_yielded()
    {
        Send(9);
        Send(2);
        Send(3);
        foreach (var revision in new[] { 9, 2, 3 })
            Assert.Equal(revision, await NextAsync());
    }

    [Fact]
    public async Task Permanent_error_ends_the_watch()
    {
        _terminal.Script.Watch = (_, _, _) =>
            throw Script.Failure(StatusCode.NotFound, ErrorReason.AgentNotFound, "no such agent");
        var error = await Assert.ThrowsAsync<RpcException>(NextAsync);
        Assert.Equal(ErrorReason.AgentNotFound, ClawGrpcError.From(error).Reason);
        Assert.Empty(_interruptions);
    }

    [Fact]
    public async Task Watch_whose_token_ended_goes_on_with_the_next_one()
    {
        Send(1);
        Assert.Equal(1, await NextAsync());
        var next = NextAsync();
        RefuseTheCaller();
        _messages.Writer.TryComplete(Refusal());
        await AdvanceAsync(0.2);
        await AdvanceAsync(0.4);
        await _terminal.Time.TimerStartedAsync();
        _messages = Channel.CreateUnbounded<WatchStatusResponse>();
        _terminal.Script.Watch = Serve;
        Send(2);
        _terminal.Time.Advance(TimeSpan.FromSeconds(0.8));
        Assert.Equal(2, await next);
    }

    [Fact]
    public async Task Watch_whose_token_is_not_replaced_ends()
    {
        Send(1);
        Assert.Equal(1, await NextAsync());
        var next = NextAsync();
        RefuseTheCaller();
        _messages.Writer.TryComplete(Refusal());
        foreach (var seconds in new[] { 0.2, 0.4, 0.8, 1.6, 3.2 })
            await AdvanceAsync(seconds);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(() => next)).StatusCode);
        Assert.Equal(5, _interruptions.Count);
    }

    [Fact]
    public async Task Watch_of_an_unknown_caller_ends_at_once()
    {
        RefuseTheCaller();
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(NextAsync)).StatusCode);
        Assert.Empty(_interruptions);
    }

    [Fact]
    public async Task Cancellation_ends_a_pending_read()
    {
        var reading = NextAsync();
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Theory]
    [InlineData(1, 0.0, 0.2)]
    [InlineData(1, 1.0, 0.25)]
    [InlineData(3, 0.0, 0.6)]
    [InlineData(3, 1.0, 1.0)]
    [InlineData(1000, 0.0, 11.25)]
    [InlineData(1000, 1.0, 15.0)]
    public void Delay_stays_in_range_for_any_jitter(int failures, double jitter, double seconds) =>
        Assert.Equal(seconds, BackOff.Delay(failures, jitter).TotalSeconds, precision: 6);

    private async Task Serve(
        WatchStatusRequest request, IServerStreamWriter<WatchStatusResponse> stream, CancellationToken cancellation)
    {
        await foreach (var message in _messages.Reader.ReadAllAsync(cancellation))
            await stream.WriteAsync(message, cancellation);
    }

    private void RefuseTheCaller() => _terminal.Script.Watch = (_, _, _) => throw Refusal();

    private static RpcException Refusal() =>
        Script.Failure(StatusCode.Unauthenticated, ErrorReason.CallerEnded, "the token was revoked");

    private async Task AdvanceAsync(double seconds)
    {
        await _terminal.Time.TimerStartedAsync();
        Assert.Equal($"Unauthenticated {seconds}", _interruptions[^1]);
        _terminal.Time.Advance(TimeSpan.FromSeconds(seconds));
    }

    private void Send(long revision) => _messages.Writer.TryWrite(new WatchStatusResponse
    {
        Revision = revision,
        Status = new AgentStatus { AgentId = "main", Revision = revision },
    });

    private async Task<long> NextAsync()
    {
        Assert.True(await _statuses.MoveNextAsync());
        return _statuses.Current.Revision;
    }
}
