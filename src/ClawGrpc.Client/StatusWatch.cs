using System.Runtime.CompilerServices;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>Follows the status of an agent for as long as the caller wants, over lost connections and restarts of the server.</summary>
public sealed class StatusWatch
{
    private readonly ModelService.ModelServiceClient _client;

    /// <summary>A watch over a client.</summary>
    /// <param name="client">The generated client.</param>
    public StatusWatch(ModelService.ModelServiceClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
    }

    /// <summary>The clock of the waits between calls; the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A random number from 0 to 1 for each wait.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>How long the server may be silent before it sends a heartbeat; null: the server's default of 30 s.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Told of every interruption before the watch calls again: why, and after which wait. Null: nobody.</summary>
    public Action<RpcException, TimeSpan>? Interrupted { get; init; }

    /// <summary>Told when the first message arrives after an interruption, be it only a heartbeat. Null: nobody.</summary>
    public Action? Resumed { get; init; }

    /// <summary>The whole status now, and the whole status again after each change.</summary>
    /// <remarks>
    /// Revisions grow for as long as the server's state lives; an older one after a newer one means that the state itself was set
    /// back, from a backup say. When a call fails, the watch waits 0.2 s, twice as long after each further failure up to 15 s, and
    /// calls again with the last revision it has seen, so nothing comes twice and no latest status is missed. Only a message that
    /// arrives shortens the wait again; a connection alone does not. It ends with cancellation, or with the <see cref="RpcException"/>
    /// of a failure that a repeat cannot mend, such as NOT_FOUND.
    /// </remarks>
    /// <param name="agentId">The agent; empty: the default agent.</param>
    /// <param name="knownRevision">The last revision the caller has seen; 0: the status is sent at once.</param>
    /// <param name="cancellation">Ends the watch.</param>
    public async IAsyncEnumerable<AgentStatus> FollowAsync(
        string agentId, long knownRevision = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(agentId);
        var known = knownRevision;
        var failures = 0;
        while (true)
        {
            RpcException? failure = null;
            using (var call = _client.WatchStatus(RequestFor(agentId, known), cancellationToken: cancellation))
            {
                while (failure is null)
                {
                    (var message, failure) = await NextAsync(call, cancellation);
                    if (message is null) break;
                    if (failures > 0) Resumed?.Invoke();
                    failures = 0;
                    if (message.Status is not { } status || status.Revision == known) continue;
                    known = status.Revision;
                    yield return status;
                }
            }

            var delay = BackOff.Delay(++failures, Jitter());
            Interrupted?.Invoke(failure!, delay);
            await Task.Delay(delay, Time, cancellation);
        }
    }

    private WatchStatusRequest RequestFor(string agentId, long known) => new()
    {
        AgentId = agentId,
        KnownRevision = known,
        Heartbeat = Heartbeat is { } heartbeat ? Duration.FromTimeSpan(heartbeat) : null,
    };

    // The next message, or why there is none. Throws when there is no point in calling again.
    private static async Task<(WatchStatusResponse? Message, RpcException? Ended)> NextAsync(
        AsyncServerStreamingCall<WatchStatusResponse> call, CancellationToken cancellation)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellation)
                ? (call.ResponseStream.Current, null)
                : (null, new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "The server ended the watch.")));
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (RpcException e) when (MayMend(e.StatusCode))
        {
            return (null, e);
        }
    }

    /// <summary>Whether a later call may succeed where this one failed, with no change by the caller or the operator.</summary>
    private static bool MayMend(StatusCode code) => code
        is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded
        or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled;
}
