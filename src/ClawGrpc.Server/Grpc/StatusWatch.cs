using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Status;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Grpc.Core;
using Agent = ClawGrpc.Gateway.Agents.Agent;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// One watcher: gets the whole status now and again after each change, at most ten a second, and a heartbeat when nothing
/// changed. It misses revisions while it is slow, but never the latest.
/// </summary>
internal sealed class StatusWatch(StatusBoard board, Agent agent, Caller caller, TimeProvider time)
{
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLag = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromDays(1);

    public async Task RunAsync(
        WatchStatusRequest request, IServerStreamWriter<WatchStatusResponse> writer, CancellationToken stopping,
        CancellationToken cancellation, CancellationToken writing)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        var heartbeat = HeartbeatOf(request);

        var seen = request.KnownRevision;
        try
        {
            // One that is not reached yet was seen at another server. One from far ahead comes from a clock that was set back:
            // the status is sent rather than waited for.
            if (seen > agent.Feed.Current.Number && !await agent.Feed.ReachAsync(seen, LongestLag, either.Token))
                seen = 0;

            while (true)
            {
                var (current, changed) = agent.Feed.Look();
                if (current.Number > seen)
                {
                    var message = StatusMapping.ToMessage(board.Of(agent), caller);
                    await writer.WriteAsync(message, writing);
                    seen = message.Revision;
                    await Task.Delay(BetweenMessages, time, either.Token);
                }
                else if (!await ChangesWithin(changed, heartbeat, either.Token))
                {
                    await writer.WriteAsync(new WatchStatusResponse { Revision = current.Number }, writing);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Refusal.Stopping().ToException();
        }
    }

    private async Task<bool> ChangesWithin(Task changed, TimeSpan heartbeat, CancellationToken cancellation)
    {
        try
        {
            await changed.WaitAsync(heartbeat, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TimeSpan HeartbeatOf(WatchStatusRequest request)
    {
        if (request.Heartbeat is not { } given)
            return DefaultHeartbeat;
        var seconds = Math.Clamp(given.Seconds, 0, (long)LongestHeartbeat.TotalSeconds);
        var span = TimeSpan.FromSeconds(seconds) + TimeSpan.FromTicks(given.Nanos / 100);
        return span < ShortestHeartbeat ? ShortestHeartbeat : span < LongestHeartbeat ? span : LongestHeartbeat;
    }
}
