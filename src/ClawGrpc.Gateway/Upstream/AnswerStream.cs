using System.Buffers;
using System.Runtime.CompilerServices;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// A streamed answer, read as it comes: nothing is read ahead of the caller, so a caller that stops reading stalls upstream and
/// nothing grows. One reader at a time.
/// </summary>
internal sealed class AnswerStream(HttpResponseMessage response, Stream stream, AnswerHeaders headers) : IAsyncDisposable
{
    private const int FirstRoom = 8 * 1024;

    // Behind the end of a message comes the end of the body, and nothing that would take longer.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(2);

    private readonly SseReader _ahead = new();
    private readonly SseReader _events = new();
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstRoom);
    private int _start;
    private int _end;
    private int _looked;
    private bool _isFresh;
    private Range? _messageStart;

    public AnswerHeaders Headers { get; } = headers;

    /// <summary>Whether everything that upstream sent is there.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What upstream had counted when content was waited for; null if nothing, or if content came at once.</summary>
    public UsageCount? CountedBefore { get; private set; }

    /// <summary>Upstream's name of the answer; empty if it has none.</summary>
    public string RequestId { get; } = headers["request-id"] ?? "";

    /// <summary>
    /// The bytes of the last event as upstream sent them, with the comments in front of it; they hold as long as the event.
    /// </summary>
    public ReadOnlyMemory<byte> Raw { get; private set; }

    /// <summary>Whether a content-bearing event or an error is there. What was looked through stays to be read.</summary>
    /// <param name="failure">The error; null if there is none.</param>
    /// <exception cref="MalformedAnswerException">An event is malformed.</exception>
    public bool HasBegun(out UpstreamFailure? failure)
    {
        failure = null;
        var rest = new ReadOnlySequence<byte>(_bytes, _looked, _end - _looked);
        while (_ahead.TryReadEvent(ref rest, out var read))
        {
            var before = _looked;
            _looked = _end - (int)rest.Length;
            var next = StreamEvent.Parse(read);
            if (next.BearsContent)
                return _isFresh = true;
            if (next.Kind == StreamEventKind.MessageStart)
                _messageStart ??= before.._looked;
            if (next.Kind != StreamEventKind.Error)
                continue;
            var (type, message) = next.Error();
            failure = Failure.OfEvent(type, message, RequestId);
            return true;
        }

        _looked = _end - (int)rest.Length;
        CountedBefore ??= Counted();
        return false;
    }

    /// <summary>Takes the bytes that were read while <see cref="HasBegun"/> looked. False if there are none.</summary>
    public bool TryRead()
    {
        var isFresh = _isFresh;
        _isFresh = false;
        return isFresh;
    }

    /// <summary>Waits for more bytes. False if the stream has ended. The last event does not hold any longer.</summary>
    public ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (HasEnded)
            return new ValueTask<bool>(false);
        MakeRoom();
        var reading = stream.ReadAsync(_bytes.AsMemory(_end), cancellation);
        return reading.IsCompletedSuccessfully ? new ValueTask<bool>(Take(reading.Result)) : TakeAsync(reading);
    }

    /// <summary>The next event among the bytes that are there; it holds until the next call.</summary>
    public bool TryNext(out StreamEvent next)
    {
        var rest = new ReadOnlySequence<byte>(_bytes, _start, _end - _start);
        if (_events.TryReadEvent(ref rest, out var read))
        {
            var end = _end - (int)rest.Length;
            Raw = _bytes.AsMemory(_start, end - _start);
            _start = end;
            next = StreamEvent.Parse(read);
            return true;
        }

        // What is left at the end without a closing blank line is no event (anthropic-api.md, section 3.1, rule 5).
        _start = _end - (int)rest.Length;
        next = default;
        return false;
    }

    /// <summary>
    /// Disposes of an answer whose message is complete. The end of its body may still be under way; it is drained in the
    /// background, since only then can the connection serve the next request.
    /// </summary>
    public async Task DisposeAtEndAsync(TimeProvider time)
    {
        using var patience = new CancellationTokenSource();
        var draining = DrainAsync(patience.Token);
        try
        {
            if (!draining.IsCompleted)
                await draining.WaitAsync(LongestEnd, time);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync();
        }

        await draining;
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ahead.Dispose();
        _events.Dispose();
        await stream.DisposeAsync();
        response.Dispose();
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private async Task DrainAsync(CancellationToken cancellation)
    {
        try
        {
            do
                _start = _end;
            while (await ReadAsync(cancellation));
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException or IOException)
        {
            // The message was whole; the connection alone is lost.
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TakeAsync(ValueTask<int> reading) => Take(await reading);

    private bool Take(int read)
    {
        _end += read;
        HasEnded = read == 0;
        return read > 0;
    }

    private void MakeRoom()
    {
        if (_start == _end)
            (_start, _end) = (0, 0);
        if (_end < _bytes.Length)
            return;
        var length = _end - _start;
        var target = length > _bytes.Length / 2 ? ArrayPool<byte>.Shared.Rent(_bytes.Length * 2) : _bytes;
        _bytes.AsSpan(_start, length).CopyTo(target);
        if (target != _bytes)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _start, _end) = (target, 0, length);
    }

    // An attempt that is given up before content has used its prompt all the same.
    private UsageCount? Counted()
    {
        if (_messageStart is not { } range)
            return null;
        using var events = new SseReader();
        var start = new ReadOnlySequence<byte>(_bytes.AsMemory(range));
        return events.TryReadEvent(ref start, out var read) ? MessageFold.CountedIn(StreamEvent.Parse(read)) : null;
    }
}
