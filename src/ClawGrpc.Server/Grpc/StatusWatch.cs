using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// One watcher (design: "Status as a stream"): the whole status now and again after each change, at most ten a second; a heartbeat
/// when nothing changed. What it missed while it was slow it never gets; the latest it always does.
/// </summary>
internal sealed class StatusWatch(StatusFeed feed, Func<AgentStatus> read, TimeProvider time)
{
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromDays(1);

    public async Task RunAsync(
        WatchStatusRequest request, IServerStreamWriter<WatchStatusResponse> writer, CancellationToken stopping, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        var heartbeat = HeartbeatOf(request);

        // A revision that this server has never given is one of a clock that was set back: better to send the status than to be silent.
        var seen = request.KnownRevision > feed.Look().Current.Number ? 0 : request.KnownRevision;
        try
        {
            while (true)
            {
                var (current, changed) = feed.Look();
                if (current.Number > seen)
                {
                    var message = Message();

                    // To cancel a write is to abort the call: a stop waits for the reader, who could not be told of it otherwise.
                    await writer.WriteAsync(message, cancellation);
                    seen = message.Revision;
                    await Task.Delay(BetweenMessages, time, either.Token);
                }
                else if (!await ChangesWithin(changed, heartbeat, either.Token))
                {
                    await writer.WriteAsync(new WatchStatusResponse { Revision = current.Number }, cancellation);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Refusal.Stopping().ToException();
        }
    }

    private WatchStatusResponse Message()
    {
        var status = read();
        return new WatchStatusResponse { Status = status, Revision = status.Revision };
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
        if (request.Heartbeat is not { } asked)
            return DefaultHeartbeat;
        var seconds = Math.Clamp(asked.Seconds, 0, (long)LongestHeartbeat.TotalSeconds);
        var span = TimeSpan.FromSeconds(seconds) + TimeSpan.FromTicks(asked.Nanos / 100);
        return span < ShortestHeartbeat ? ShortestHeartbeat : span < LongestHeartbeat ? span : LongestHeartbeat;
    }
}
