namespace ClawGrpc.Gateway.Agents;

/// <summary>What came of a write.</summary>
internal enum WriteOutcome
{
    /// <summary>There was nothing to write.</summary>
    Nothing,

    /// <summary>All of it is written.</summary>
    Written,

    /// <summary>Some of it is not, and is tried again.</summary>
    Failed,
}

/// <summary>Writes behind the calls that caused it, at most once in a while, and once more when the server stops.</summary>
internal sealed class WriteBehind : IAsyncDisposable
{
    // Who stands in the way is seldom gone sooner.
    private static readonly TimeSpan LeastAfterFailure = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _between;
    private readonly TimeSpan _late;
    private readonly Func<Task<WriteOutcome>> _tryWrite;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _dirty = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _later;
    private readonly Task _loop;
    private bool _isLaterSet;

    /// <param name="tryWrite">Writes what is not written yet.</param>
    /// <param name="between">The least time between two writes.</param>
    /// <param name="late">How long what can wait does.</param>
    /// <param name="time">The clock.</param>
    public WriteBehind(Func<Task<WriteOutcome>> tryWrite, TimeSpan between, TimeSpan late, TimeProvider time)
    {
        (_tryWrite, _between, _late, _time) = (tryWrite, between, late, time);
        _later = time.CreateTimer(_ => WriteSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Writes as soon as that time has passed since the last write.</summary>
    public void WriteSoon()
    {
        lock (_gate)
        {
            _isLaterSet = false;
            if (_dirty.CurrentCount == 0)
                _dirty.Release();
        }
    }

    /// <summary>Writes what can wait, with what comes until then.</summary>
    public void WriteLater()
    {
        lock (_gate)
        {
            if (!_isLaterSet)
                _later.Change(_late, Timeout.InfiniteTimeSpan);
            _isLaterSet = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _loop;
        await _later.DisposeAsync();
        _closing.Dispose();
        _dirty.Dispose();
    }

    private TimeSpan PauseAfter(WriteOutcome outcome) =>
        outcome == WriteOutcome.Failed && _between < LeastAfterFailure ? LeastAfterFailure : _between;

    private async Task LoopAsync()
    {
        var isOpen = true;
        while (isOpen)
        {
            try
            {
                await _dirty.WaitAsync(_closing.Token);
            }
            catch (OperationCanceledException)
            {
                isOpen = false;
            }

            var outcome = await _tryWrite();
            try
            {
                if (isOpen && outcome != WriteOutcome.Nothing)
                    await Task.Delay(PauseAfter(outcome), _time, _closing.Token);
                if (outcome == WriteOutcome.Failed)
                    WriteSoon();
            }
            catch (OperationCanceledException)
            {
                isOpen = false;
                await _tryWrite();
            }
        }
    }
}
