using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>
/// One open WatchStatus. Reading moves the clock over the server's pause after the status before, and no further.
/// </summary>
internal sealed class Watcher : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly ServerFixture _rig;
    private readonly AsyncServerStreamingCall<WatchStatusResponse> _call;
    private bool _pauses;

    public Watcher(ServerFixture fixture, long knownRevision, TimeSpan? heartbeat)
    {
        _rig = fixture;
        _call = fixture.Models.WatchStatus(new WatchStatusRequest
        {
            KnownRevision = knownRevision,
            Heartbeat = heartbeat is { } span ? Duration.FromTimeSpan(span) : null,
        });
    }

    /// <summary>The next message.</summary>
    public async Task<WatchStatusResponse> NextMessageAsync()
    {
        var next = _call.ResponseStream.MoveNext(CancellationToken.None);
        await PassPauseAsync(next);
        Assert.True(await next, "The watch ended.");
        _pauses = _call.ResponseStream.Current.Status is not null;
        return _call.ResponseStream.Current;
    }

    /// <summary>Moves the clock over the server's pause after a status, so that the next change is told at once.</summary>
    public Task PassPauseAsync() => PassPauseAsync(Task.Delay(Timeout.Infinite));

    /// <summary>The next status; heartbeats are passed over.</summary>
    public async Task<AgentStatus> NextAsync()
    {
        var message = await NextMessageAsync();
        while (message.Status is null)
            message = await NextMessageAsync();
        Assert.Equal(message.Revision, message.Status.Revision);
        return message.Status;
    }

    /// <summary>The first status from now on of which this holds.</summary>
    public async Task<AgentStatus> UntilAsync(Func<AgentStatus, bool> holds)
    {
        while (true)
        {
            var status = await NextAsync();
            if (holds(status))
                return status;
        }
    }

    /// <summary>How it ends when nothing more comes.</summary>
    public async Task<CallFailure> EndAsync()
    {
        var end = CallFailure.OfAsync(async () =>
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // What came before the end.
            }
        });
        await PassPauseAsync(end);
        return await end;
    }

    public void Dispose() => _call.Dispose();

    private async Task PassPauseAsync(Task next)
    {
        if (_pauses && await Task.WhenAny(next, _rig.Time.WaitForTimerAsync(Pause, Pause)) != next)
            await _rig.Time.PassAsync(Pause, Pause);
        _pauses = false;
    }
}
