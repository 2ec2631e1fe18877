namespace ClawGrpc.Gateway.Agents;

/// <summary>Writes health behind the calls that caused it, at most once a second, and once more when the server stops.</summary>
internal sealed class HealthWriter : IAsyncDisposable
{
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(1);

    private readonly Func<Task<bool>> _tryWrite;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _dirty = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _later;
    private readonly Task _loop;
    private bool _isLaterSet;

    /// <param name="tryWrite">Writes what is not written yet, and tells whether there was anything.</param>
    /// <param name="time">The clock.</param>
    public HealthWriter(Func<Task<bool>> tryWrite, TimeProvider time)
    {
        (_tryWrite, _time) = (tryWrite, time);
        _later = time.CreateTimer(_ => WriteSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Writes as soon as a second has passed since the last write.</summary>
    public void WriteSoon()
    {
        lock (_gate)
        {
            _isLaterSet = false;
            if (_dirty.CurrentCount == 0)
                _dirty.Release();
        }
    }

    /// <summary>Writes within a second, with whatever comes until then.</summary>
    public void WriteLater()
    {
        lock (_gate)
        {
            if (!_isLaterSet)
                _later.Change(BetweenWrites, Timeout.InfiniteTimeSpan);
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

            var wrote = await _tryWrite();
            try
            {
                if (isOpen && wrote)
                    await Task.Delay(BetweenWrites, _time, _closing.Token);
            }
            catch (OperationCanceledException)
            {
                isOpen = false;
                await _tryWrite();
            }
        }
    }
}
