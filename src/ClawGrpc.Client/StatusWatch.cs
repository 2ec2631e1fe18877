using System.Runtime.CompilerServices;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>Watches the status of an agent and reconnects after lost connections and restarts of the server.</summary>
public sealed class StatusWatch
{
    // Whoever ends a token may replace it a moment later.
    private const int UnknownAtMost = 5;

    private readonly ModelService.ModelServiceClient _client;

    /// <summary>Creates a watch.</summary>
    /// <param name="client">The generated client to call.</param>
    public StatusWatch(ModelService.ModelServiceClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
    }

    /// <summary>The clock of the delays between calls; by default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Returns a random number from 0 to 1 for each delay.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>How long the server may be silent before it sends a heartbeat, at least 1 s; null for the server's default of
    /// 30 s.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Called after each interruption, with its cause and the delay before the next call; null to ignore them.</summary>
    public Action<RpcException, TimeSpan>? Interrupted { get; init; }

    /// <summary>Called at the first message after an interruption, a heartbeat included; null to ignore it.</summary>
    public Action? Resumed { get; init; }

    /// <summary>Yields the whole status now, and the whole status again after each change.</summary>
    /// <remarks>
    /// Revisions grow as long as the server's state lives; an older one after a newer one means that an operator restored the
    /// state, from a backup for example. When a call fails, the watch waits 0.2 s, twice as long after each further failure up to
    /// 15 s, and calls again with the last revision it has seen, so that it repeats nothing and never misses the latest status.
    /// Only a message resets the delay; a connection alone does not. The watch ends when it is cancelled, or with the
    /// <see cref="RpcException"/> of a failure that is not transient, such as NOT_FOUND. A watch that ends because its token did
    /// calls again with the token that the file holds by then, for about six seconds.
    /// </remarks>
    /// <param name="agentId">The agent; empty for the default agent.</param>
    /// <param name="knownRevision">The last revision that the caller has seen; 0 to get the status at once.</param>
    /// <param name="cancellation">Ends the watch.</param>
    public async IAsyncEnumerable<AgentStatus> FollowAsync(
        string agentId, long knownRevision = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(agentId);
        var known = knownRevision;
        var failures = 0;
        var wasKnown = false;
        while (true)
        {
            RpcException? failure = null;
            using (var call = _client.WatchStatus(RequestFor(agentId, known), cancellationToken: cancellation))
            {
                while (failure is null)
                {
                    (var message, failure) = await NextAsync(call, cancellation);
                    if (failure is { StatusCode: StatusCode.Unauthenticated } && !(wasKnown && failures < UnknownAtMost))
                        throw failure;
                    if (message is null)
                        break;
                    wasKnown = true;
                    if (failures > 0)
                        Resumed?.Invoke();
                    failures = 0;
                    if (message.Status is not { } status || status.Revision == known)
                        continue;
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

    // The next message, or the cause of the interruption: UNAUTHENTICATED too. Throws failures that are not transient.
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
        catch (RpcException exception)
            when (IsTransient(exception.StatusCode) || exception.StatusCode == StatusCode.Unauthenticated)
        {
            return (null, exception);
        }
    }

    // Whether a later call may succeed although neither the caller nor the operator changed anything.
    private static bool IsTransient(StatusCode code) => code
        is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded
        or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled;
}
