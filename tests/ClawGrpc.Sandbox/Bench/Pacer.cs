using System.Diagnostics;
using System.IO.Pipelines;

namespace ClawGrpc.Testing;

/// <summary>
/// Writes all paced streams from one thread that wakes at most once a millisecond. A timer and a task for each stream cost nearly
/// twice the CPU, on the cores that a benchmark wants for what it measures.
/// </summary>
internal sealed class Pacer
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Stream, long> _streams = new();
    private bool _isRunning;

    /// <summary>
    /// Writes the parts at an even rate, the first at once; completes after the last, or when the reader is gone.
    /// </summary>
    public async Task WriteAsync(PipeWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> parts, int rate, CancellationToken gone)
    {
        var stream = new Stream(writer, parts, Stopwatch.Frequency / rate);
        lock (_lock)
        {
            _streams.Enqueue(stream, Stopwatch.GetTimestamp());
            if (!_isRunning)
            {
                _isRunning = true;
                new Thread(Run) { IsBackground = true, Name = "pacer" }.Start();
            }
        }

        using var leaving = gone.Register(stream.Leave);
        await stream.Done;
    }

    private void Run()
    {
        while (WriteDue(Stopwatch.GetTimestamp()))
        {
            Thread.Sleep(Tick);
        }
    }

    /// <summary>Writes what is due; false, and the thread ends, when no stream is left.</summary>
    private bool WriteDue(long now)
    {
        while (true)
        {
            Stream? stream;
            long due;
            lock (_lock)
            {
                if (!_streams.TryPeek(out stream, out due) || due > now)
                {
                    _isRunning = stream is not null;
                    return _isRunning;
                }

                _streams.Dequeue();
            }

            if (stream.WriteNext())
            {
                lock (_lock)
                {
                    _streams.Enqueue(stream, due + stream.Interval);
                }
            }
        }
    }

    private sealed class Stream(PipeWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> parts, long interval)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task _pending = Task.CompletedTask;
        private int _next;

        public long Interval => interval;

        public Task Done => _done.Task;

        public void Leave() => _done.TrySetResult();

        /// <summary>Writes the next part, or nothing while the reader is behind; false when there is no more to write.</summary>
        public bool WriteNext()
        {
            if (_done.Task.IsCompleted)
            {
                return false;
            }

            if (!_pending.IsCompleted)
            {
                return true;
            }

            var flush = writer.WriteAsync(parts[_next++]);
            _pending = flush.IsCompleted ? Task.CompletedTask : flush.AsTask();
            if (_next < parts.Count)
            {
                return true;
            }

            _done.TrySetResult();
            return false;
        }
    }
}
