using ClawGrpc.Core.Messages;
using ClawGrpc.Core.Selection;
using ClawGrpc.Server.Errors;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Completions;

/// <summary>
/// An answer behind its commit (design: steps 8 and 9). The caller reads: <see cref="ReadAsync"/> waits for bytes, <see cref="TryNext"/> takes
/// the events among them. It ends well only with <c>message_stop</c>; everything else is an interruption, told with what was used so far.
/// </summary>
internal sealed class OpenedCompletion(CompletionCall call, Route route, AnswerStream answer, ReceiptLog log, TimeProvider time) : IAsyncDisposable
{
    private MessageFold _fold = new(keepContent: false);
    private bool _settled;

    public Receipt Receipt => log.Receipt;

    public Route Route => route;

    public MessageFold Fold => _fold;

    /// <summary>Keeps the content, for an answer that is given whole.</summary>
    public void KeepContent() => _fold = new MessageFold();

    /// <summary>Waits for more. False: the answer is complete.</summary>
    /// <exception cref="ClawException">It broke.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (_fold.End == FoldEnd.Complete)
            return false;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, call.Setup.Idle, Timeout.InfiniteTimeSpan);
        try
        {
            if (await answer.ReadAsync(patience.Token))
                return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Interrupted(null, $"nothing came for {call.Setup.Idle.TotalSeconds:0.#} s.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Interrupted(null, $"the connection broke: {(exception.InnerException ?? exception).Message}");
        }

        throw Interrupted(null, "the stream ended before the message did.");
    }

    /// <summary>The next event that is there already. Pings and what follows the end are passed over.</summary>
    /// <exception cref="ClawException">It is an error, or no event.</exception>
    public bool TryNext(out StreamEvent next)
    {
        try
        {
            while (_fold.End != FoldEnd.Complete && answer.TryNext(out next))
            {
                _fold.Add(next);
                if (_fold.End == FoldEnd.Error)
                    throw Interrupted(_fold.Error!.Value.Type, $"{_fold.Error.Value.Message} ({_fold.Error.Value.Type})");
                if (next.Kind != StreamEventKind.Ping)
                    return true;
            }
        }
        catch (MalformedAnswerException exception)
        {
            throw Interrupted(null, $"the answer is malformed: {exception.Message}.");
        }

        next = default;
        return false;
    }

    /// <summary>The receipt of a complete answer.</summary>
    public Receipt Finish()
    {
        var usage = Settle();
        return log.Ended(usage, _fold.StopReason, time.GetUtcNow());
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever left before the end has used what was counted so far.
        Settle();
        await answer.DisposeAsync();
    }

    private ClawException Interrupted(string? errorType, string why) =>
        FailureStatus.Interrupted(errorType, why, log.Interrupted(Settle(), time.GetUtcNow()));

    private Usage? Settle()
    {
        var usage = Mapping.UsageMapping.ToUsage(_fold.Usage);
        if (!_settled)
        {
            _settled = true;
            call.Agent.Usage.Add(route.ProfileId, usage);
            call.Agent.Feed.Publish();
        }

        return usage;
    }
}
