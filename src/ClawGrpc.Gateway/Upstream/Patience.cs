namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// Ends a wait for upstream that takes too long, or whose caller leaves. One timer serves all waits of a call, one after the
/// other.
/// </summary>
internal sealed class Patience : IDisposable
{
    // A timer may fire this much early, and no more.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _leaving;
    private volatile CancellationTokenSource _source = new();
    private TimeSpan _limit = TimeSpan.MaxValue;
    private long _start;

    public Patience(TimeProvider time, CancellationToken caller)
    {
        (_time, Caller) = (time, caller);
        _timer = time.CreateTimer(
            static patience => ((Patience)patience!).Elapse(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _leaving = caller.UnsafeRegister(static patience => ((Patience)patience!).End(), this);
    }

    /// <summary>Cancelled when the caller leaves.</summary>
    public CancellationToken Caller { get; }

    /// <summary>Cancelled when the caller leaves or the wait that <see cref="Start"/> began took too long.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Begins a wait, for which <see cref="Token"/> may be another one.</summary>
    public void Start(TimeSpan limit)
    {
        if (_source.IsCancellationRequested && !Caller.IsCancellationRequested)
        {
            _source.Dispose();
            _source = new CancellationTokenSource();
            if (Caller.IsCancellationRequested)
                End();
        }

        (_limit, _start) = (limit, _time.GetTimestamp());
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the wait: the time until the next one does not count.</summary>
    public void Stop() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _leaving.Dispose();
        _timer.Dispose();
        _source.Dispose();
    }

    // The timer of a wait that ended in time may fire when the next one has begun.
    private void Elapse()
    {
        if (_time.GetElapsedTime(_start) + Tolerance >= _limit)
            End();
    }

    private void End()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The last wait ended in time.
        }
    }
}
