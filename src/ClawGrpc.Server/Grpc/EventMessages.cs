using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Grpc;

/// <summary>Writes the events of an answer as the messages of its stream.</summary>
/// <param name="events">Where to.</param>
/// <param name="completion">The answer.</param>
/// <param name="raw">Whether the caller asked for raw events.</param>
internal sealed class EventMessages(EventWriter events, OpenedCompletion completion, bool raw)
{
    private readonly PairJoin _pairs = new();

    /// <summary>Adds what an event says to what the next flush writes.</summary>
    public void Add(in StreamEvent read)
    {
        if (read.Kind == StreamEventKind.MessageStart)
        {
            events.Add(Started());
            foreach (var message in EventMapping.AfterStart(read, completion.Fold, raw))
                events.Add(message);
            return;
        }

        if (raw || !_pairs.Concerns(read))
        {
            Write(read);
            return;
        }

        var isWritten = _pairs.TryJoin(read, out var lone, out var joined);
        if (lone is { } half)
            Write(half);
        if (isWritten)
            Write(joined);
    }

    /// <summary>Adds what is left when no event follows.</summary>
    public void End()
    {
        if (_pairs.TryEnd(out var lone))
            Write(lone.Value);
    }

    private void Write(in StreamEvent read)
    {
        if ((raw || !events.TryAddDelta(read)) && EventMapping.ToMessage(read, completion.Fold, raw) is { } message)
            events.Add(message);
    }

    private StreamCompleteResponse Started() => new()
    {
        Started = new CompletionStarted
        {
            CompletionId = completion.CompletionId,
            Model = completion.Route.ModelRef,
            ProfileId = completion.Route.ProfileId,
            MessageId = completion.Fold.Id,
            UpstreamModel = completion.Fold.Model,
            RequestId = completion.RequestId,
            Usage = UsageMapping.ToUsage(completion.Fold.Usage),
        },
    };
}
