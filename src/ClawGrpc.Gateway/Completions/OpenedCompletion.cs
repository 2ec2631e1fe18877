using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// An answer behind its commit, where nothing is ever replayed. <see cref="ReadAsync"/> waits for bytes, <see cref="TryNext"/>
/// takes the events among them. The answer is whole only with <c>message_stop</c>; if it ends otherwise, <see cref="Refusal"/>
/// says why.
/// </summary>
internal sealed class OpenedCompletion(
    Agent agent, AgentSetup setup, ServedAttempt<AnswerStream> attempt, string client, Purse? purse, TimeProvider time)
    : IAsyncDisposable
{
    private readonly AnswerStream _answer = attempt.Answer;
    private MessageFold _fold = new(keepContent: false);
    private Patience? _patience;
    private bool _isSettled;

    // How long upstream was waited for since the last event that counts: pings, comments and parts of an event do not.
    private TimeSpan _waited;

    public string CompletionId => attempt.Log.CompletionId;

    public Route Route => attempt.Route;

    /// <summary>How many routes were tried, this one included.</summary>
    public int Attempts => attempt.Log.Count;

    /// <summary>Upstream's name of the answer; empty if it has none.</summary>
    public string RequestId => attempt.RequestId;

    /// <summary>What the events so far add up to.</summary>
    public MessageFold Fold => _fold;

    /// <summary>The last event as upstream sent it, with the comments in front of it; it holds as long as the event.</summary>
    public ReadOnlyMemory<byte> Raw => _answer.Raw;

    /// <summary>Why the answer broke; null while it has not.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>
    /// Reads all of the answer and keeps its content, unless it is longer than the configuration allows: then
    /// <see cref="Refusal"/> says so.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task ReadAllAsync()
    {
        _fold = new MessageFold();
        long kept = 0;
        while (await ReadAsync())
        {
            while (TryNext(out var read))
                kept += read.IsPlain && !read.Text.IsEmpty ? read.Text.Length : read.Data.Length;
            if (kept > setup.AnswerBytes && Refusal is null && _fold.End != FoldEnd.Complete)
            {
                Settle();
                Refusal = CallRefusals.TooLarge(setup.AnswerBytes, attempt.Log.Interrupted(time.GetUtcNow()));
            }
        }
    }

    /// <summary>Waits for more. False if the answer is over: complete, or broken as <see cref="Refusal"/> says.</summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        if (_fold.End == FoldEnd.Complete || Refusal is not null)
            return false;

        // A short answer is often there as a whole: then there is nothing to wait for.
        if (_answer.TryRead())
            return true;
        if (_waited >= setup.Idle)
        {
            BreakIdle();
            return false;
        }

        _patience ??= new Patience(time, attempt.Caller);
        _patience.Start(setup.Idle - _waited);
        var start = time.GetTimestamp();
        try
        {
            if (await _answer.ReadAsync(_patience.Token))
            {
                _waited += time.GetElapsedTime(start);
                return true;
            }

            Break(null, "the stream ended before the message did.");
        }
        catch (OperationCanceledException) when (!attempt.Caller.IsCancellationRequested)
        {
            BreakIdle();
        }
        catch (Exception exception) when (AnswerBody.IsBreak(exception))
        {
            Break(null, $"the connection broke: {(exception.InnerException ?? exception).Message}");
        }
        finally
        {
            // A caller that is slow to take what came is not upstream's silence.
            _patience.Stop();
        }

        return false;
    }

    /// <summary>
    /// The next event among the bytes that are there; what follows <c>message_stop</c> is ignored. False if there is none.
    /// </summary>
    public bool TryNext(out StreamEvent next)
    {
        next = default;
        if (_fold.End == FoldEnd.Complete || Refusal is not null)
            return false;
        try
        {
            if (!_answer.TryNext(out next))
                return false;
            if (next.Kind != StreamEventKind.Ping)
                _waited = TimeSpan.Zero;
            _fold.Add(next);
            if (_fold.Error is not { } error)
                return true;
            Break(error.Type, $"{error.Message} ({error.Type})");
        }
        catch (MalformedAnswerException exception)
        {
            Break(null, $"the answer is malformed: {exception.Message}.");
        }

        return false;
    }

    /// <summary>The receipt of a complete answer.</summary>
    public Receipt Finish()
    {
        Settle();
        return attempt.Log.Ended(_fold.StopReason, time.GetUtcNow());
    }

    public async ValueTask DisposeAsync()
    {
        // A caller that left before the end has used what was counted so far.
        Settle();
        _patience?.Dispose();
        if (_fold.End == FoldEnd.Complete)
            _ = _answer.DisposeAtEndAsync(time);
        else
            await _answer.DisposeAsync();
    }

    private void BreakIdle() => Break(null, $"no event came for {setup.Idle.TotalSeconds:0.#} s.");

    private void Break(string? errorType, string why)
    {
        Settle();
        var receipt = attempt.Log.Interrupted(time.GetUtcNow());
        var type = errorType is null ? null : attempt.Request.WithoutSecrets(errorType);
        Refusal = CallRefusals.Interrupted(type, attempt.Request.WithoutSecrets(why), receipt);
    }

    private void Settle()
    {
        if (_isSettled)
            return;
        _isSettled = true;
        var cost = default(Cost);
        if (_fold.Usage is { } usage)
        {
            var model = _fold.Model.Length > 0 ? _fold.Model : Route.Model;
            cost = Cost.Of(usage, model, Route.Model, attempt.Request.Cache?.HasOneHour == true, setup.Prices);
            attempt.Log.Counted(usage, cost);
            purse?.Charge(cost.Total, usage.AllTokens);
        }

        agent.Usage.Add(client, Route, _fold.Usage, cost);
    }
}
