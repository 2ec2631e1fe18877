using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Access;

/// <summary>A call under way.</summary>
internal sealed class LiveCall : IDisposable
{
    // From the end of a call until a write that its caller does not take is given up.
    private static readonly TimeSpan WritePatience = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _ended;
    private readonly LiveCalls _calls;
    private readonly TimeProvider _time;
    private readonly CancellationToken _aborted;
    private CancellationTokenSource? _writing;
    private ITimer? _patience;

    public LiveCall(
        Caller caller, Scopes scope, bool allAgents, LiveCalls calls, TimeProvider time, CancellationToken aborted)
    {
        (Caller, Scope, AllAgents, _calls, _time, _aborted) = (caller, scope, allAgents, calls, time, aborted);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Ended = _ended.Token;
    }

    /// <summary>Who called, as it was when the call began.</summary>
    public Caller Caller { get; }

    /// <summary>What the call takes.</summary>
    public Scopes Scope { get; }

    /// <summary>Whether it is about what all agents share.</summary>
    public bool AllAgents { get; }

    /// <summary>The agent that it uses; null as long as it is not known.</summary>
    public string? AgentId { get; private set; }

    /// <summary>Cancelled when the call must end, and when its caller is gone.</summary>
    public CancellationToken Ended { get; }

    /// <summary>
    /// What writes wait by: cancelled when the caller is gone, and half a second after the call must end. A write that is
    /// cancelled aborts the call, so that its caller could not be told why it ends. For the task that serves the call.
    /// </summary>
    public CancellationToken Writing
    {
        get
        {
            if (_writing is null)
            {
                var writing = _writing = CancellationTokenSource.CreateLinkedTokenSource(_aborted);
                Ended.Register(() => _patience = _time.CreateTimer(
                    static state => Cancel((CancellationTokenSource)state!), writing, WritePatience, Timeout.InfiniteTimeSpan));
            }

            return _writing.Token;
        }
    }

    /// <summary>Why it had to end; null if it had not.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>What a completion did; null if it did not come to its end.</summary>
    public Receipt? Receipt { get; set; }

    /// <summary>What it was refused with, whoever refused it; null if it was not.</summary>
    public Refusal? Answer { get; set; }

    /// <summary>Notes the agent that it uses.</summary>
    public void Use(string agentId)
    {
        AgentId = agentId;
        _calls.Check(this);
    }

    /// <summary>Ends it.</summary>
    public void EndNow(string why)
    {
        Refusal ??= AccessRefusals.Ended(Caller, why);
        Cancel(_ended);
    }

    public void Dispose()
    {
        _calls.End(this);
        _ended.Dispose();
        _patience?.Dispose();
        _writing?.Dispose();
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }
}
