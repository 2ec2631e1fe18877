namespace ClawGrpc.Testing;

/// <summary>What the sandbox saw, in order of arrival, with waits that need no sleep.</summary>
internal sealed class RequestLog(int keep)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<SeenRequest> _requests = new();
    private TaskCompletionSource _changed = NewSignal();
    private int _count;

    public IReadOnlyList<SeenRequest> Snapshot()
    {
        lock (_lock)
        {
            return [.. _requests];
        }
    }

    public void Add(SeenRequest request)
    {
        lock (_lock)
        {
            request.Index = _count++;
            _requests.AddLast(request);
            if (_requests.Count > keep)
            {
                _requests.RemoveFirst();
            }
        }

        Signal();
        request.Finished.ContinueWith(
            _ => Signal(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public void Clear()
    {
        lock (_lock)
        {
            _requests.Clear();
            _count = 0;
        }
    }

    /// <summary>Waits until <paramref name="isEnough"/> holds of the log; it is asked again after every change.</summary>
    public async Task<IReadOnlyList<SeenRequest>> WaitUntilAsync(
        Func<IReadOnlyList<SeenRequest>, bool> isEnough, CancellationToken cancellation)
    {
        while (true)
        {
            // The signal is taken before the look, so a change in between is never missed.
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
            }

            var snapshot = Snapshot();
            if (isEnough(snapshot))
            {
                return snapshot;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = NewSignal();
        }

        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
