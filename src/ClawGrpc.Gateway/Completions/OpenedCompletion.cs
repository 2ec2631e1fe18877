using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// An answer behind its commit (design: steps 8 and 9). The caller reads: <see cref="ReadAsync"/> waits for bytes, <see cref="TryNext"/> takes
/// the events among them. It ends well only with <c>message_stop</c>; everything else is an interruption, told with what was used so far.
/// </summary>
internal sealed class OpenedCompletion : IAsyncDisposable
{
    private readonly CompletionCall _call;
    private readonly PreparedRequest _request;
    private readonly AnswerStream _answer;
    private readonly ReceiptLog _log;
    private readonly TimeProvider _time;
    private readonly CancellationToken _caller;
    private CancellationTokenSource? _patience;
    private ITimer? _idle;
    private MessageFold _fold = new(keepContent: false);
    private bool _settled;

    public OpenedCompletion(
        CompletionCall call, Route route, PreparedRequest request, AnswerStream answer, ReceiptLog log, TimeProvider time, CancellationToken cancellation) =>
        (_call, Route, _request, _answer, _log, _time, _caller) = (call, route, request, answer, log, time, cancellation);

    public Receipt Receipt => _log.Receipt;

    public Route Route { get; }

    public MessageFold Fold => _fold;

    /// <summary>Keeps the content, for an answer that is given whole.</summary>
    public void KeepContent() => _fold = new MessageFold();

    /// <summary>Waits for more. False: the answer is complete.</summary>
    /// <exception cref="RefusedException">It broke.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        if (_fold.End == FoldEnd.Complete)
            return false;

        // A short answer is often there as a whole: then there is nothing to wait for.
        if (_answer.TryRead())
            return true;
        _patience ??= CancellationTokenSource.CreateLinkedTokenSource(_caller);
        _idle ??= _time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), _patience, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _idle.Change(_call.Setup.Idle, Timeout.InfiniteTimeSpan);
        try
        {
            if (await _answer.ReadAsync(_patience.Token))
                return true;
        }
        catch (OperationCanceledException) when (!_caller.IsCancellationRequested)
        {
            throw Interrupted(null, $"nothing came for {_call.Setup.Idle.TotalSeconds:0.#} s.").ToException();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Interrupted(null, $"the connection broke: {(exception.InnerException ?? exception).Message}").ToException();
        }
        finally
        {
            // A caller that is slow to take what came is not upstream's silence.
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        throw Interrupted(null, "the stream ended before the message did.").ToException();
    }

    /// <summary>The next event that is there already. What follows the end is passed over.</summary>
    /// <exception cref="RefusedException">It is an error, or no event.</exception>
    public bool TryNext(out StreamEvent next)
    {
        try
        {
            if (_fold.End != FoldEnd.Complete && _answer.TryNext(out next))
            {
                _fold.Add(next);
                return _fold.Error is not { } error ? true : throw Interrupted(error.Type, $"{error.Message} ({error.Type})").ToException();
            }
        }
        catch (MalformedAnswerException exception)
        {
            throw Interrupted(null, $"the answer is malformed: {exception.Message}.").ToException();
        }

        next = default;
        return false;
    }

    /// <summary>The receipt of a complete answer.</summary>
    public Receipt Finish()
    {
        Settle();
        return _log.Ended(_fold.StopReason, _time.GetUtcNow());
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever left before the end has used what was counted so far.
        Settle();
        if (_idle is not null)
            await _idle.DisposeAsync();
        _patience?.Dispose();
        if (_fold.End == FoldEnd.Complete)
            _ = _answer.DisposeAtEndAsync(_time);
        else
            await _answer.DisposeAsync();
    }

    private Refusal Interrupted(string? errorType, string why)
    {
        Settle();
        return FailureStatus.Interrupted(errorType, _request.WithoutSecrets(why), _log.Interrupted(_time.GetUtcNow()));
    }

    private void Settle()
    {
        if (_settled)
            return;
        _settled = true;
        if (_fold.Usage is { } usage)
        {
            var model = _fold.Model.Length > 0 ? _fold.Model : Route.Model;
            var cost = _request.CostOf(usage, model, Route.Model, _call.Setup.Prices);
            _log.Counted(UsageMapping.ToUsage(usage), UsageMapping.ToCost(cost));
            _call.Agent.Usage.Add(Route, usage, cost);
        }
        else
        {
            _call.Agent.Usage.Add(Route, null, null);
        }

        _call.Agent.Feed.Publish();
    }
}
