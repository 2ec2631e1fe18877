using System.Buffers;
using System.Runtime.CompilerServices;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// A streamed answer, read as it comes: nothing is read ahead of the caller, so a caller that stops reading stalls upstream and
/// nothing grows. One reader at a time.
/// </summary>
/// <param name="secret">Covered wherever upstream repeats it: a caller must not learn the credential that served.</param>
internal sealed class AnswerStream(
    HttpResponseMessage response, Stream stream, AnswerHeaders headers, SecretForms secret) : IAsyncDisposable
{
    private const int FirstRoom = 8 * 1024;

    // More than this before the first content is a flood of pings and comments, and only what counts of it is kept.
    private const int MostBefore = 64 * 1024;

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

    /// <summary>
    /// What upstream counted before the first content, for an attempt that is given up then; null if nothing.
    /// </summary>
    public UsageCount? CountedBefore
    {
        get
        {
            if (_messageStart is not { } range)
                return null;
            using var events = new SseReader();
            var start = new ReadOnlySequence<byte>(_bytes.AsMemory(range));
            return events.TryReadEvent(ref start, out var read) ? MessageFold.CountedIn(StreamEvent.Parse(read)) : null;
        }
    }

    /// <summary>Upstream's name of the answer; empty if it has none.</summary>
    public string RequestId { get; } = headers["request-id"] ?? "";

    /// <summary>
    /// The bytes of the last event as upstream sent them, with the comments in front of it; they hold as long as the event.
    /// </summary>
    public ReadOnlyMemory<byte> Raw { get; private set; }

    /// <summary>
    /// The first byte that is neither a byte order mark nor white space; null as long as there is none. To be asked before the
    /// first event is read.
    /// </summary>
    public byte? First
    {
        get
        {
            var bytes = _bytes.AsSpan(_start, _end - _start);
            if (bytes.StartsWith("\uFEFF"u8))
                bytes = bytes[3..];
            bytes = bytes.TrimStart(" \t\r\n"u8);
            return bytes.IsEmpty || "\uFEFF"u8.StartsWith(bytes) ? null : bytes[0];
        }
    }

    /// <summary>All of an answer of which no event was read. It holds until the next call.</summary>
    /// <exception cref="MalformedAnswerException">It is longer than <paramref name="most"/> bytes.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAllAsync(int most, CancellationToken cancellation)
    {
        while (await ReadAsync(cancellation))
        {
            if (_end - _start > most)
                throw new MalformedAnswerException($"it is longer than {most} bytes");
        }

        return _bytes.AsMemory(_start, _end - _start);
    }

    /// <summary>Puts these events in the place of an answer that was read as a whole.</summary>
    public void Become(ReadOnlySpan<byte> events)
    {
        if (events.Length > _bytes.Length)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(events.Length);
        }

        events.CopyTo(_bytes);
        (_start, _end) = (0, events.Length);
    }

    /// <summary>Whether a content-bearing event or an error is there. What was looked through stays to be read.</summary>
    /// <param name="failure">The error; null if there is none.</param>
    /// <exception cref="MalformedAnswerException">An event is malformed.</exception>
    public bool HasBegun(out UpstreamFailure? failure)
    {
        failure = null;
        var kept = _looked;
        var rest = new ReadOnlySequence<byte>(_bytes, _looked, _end - _looked);
        while (_ahead.TryReadEvent(ref rest, out var read))
        {
            var before = _looked;
            _looked = _end - (int)rest.Length;
            var next = StreamEvent.Parse(read);
            var (kind, isBegin) = (next.Kind, next.BearsContent);
            if (kind == StreamEventKind.Error)
                failure = FailureOf(next);

            // The event is gone once its bytes move.
            if (kind != StreamEventKind.Ping || kept - _start < MostBefore)
                kept = Keep(before.._looked, kept);
            if (isBegin || failure is not null)
            {
                DropAhead(kept);
                return _isFresh = true;
            }

            if (kind == StreamEventKind.MessageStart)
                _messageStart ??= (kept - (_looked - before))..kept;
        }

        // Comments without an event.
        var ignored = _end - (int)rest.Length;
        if (kept - _start < MostBefore)
            kept = Keep(_looked..ignored, kept);
        _looked = ignored;
        DropAhead(kept);
        return false;
    }

    // Moves bytes that were looked at behind those that are kept; returns the new end of those.
    private int Keep(Range bytes, int kept)
    {
        var (start, length) = bytes.GetOffsetAndLength(_end);
        if (start != kept)
            _bytes.AsSpan(start, length).CopyTo(_bytes.AsSpan(kept));
        return kept + length;
    }

    // Drops what lies between the kept bytes and those that were not looked at.
    private void DropAhead(int kept)
    {
        var rest = _end - _looked;
        if (kept != _looked)
            _bytes.AsSpan(_looked, rest).CopyTo(_bytes.AsSpan(kept));
        (_looked, _end) = (kept, kept + rest);
    }

    private UpstreamFailure FailureOf(in StreamEvent error)
    {
        var (type, message) = error.Error();
        return Failure.OfEvent(type, message, RequestId);
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
        // A secret may have come in two pieces. What was handed on already cannot be its beginning: it would be half an event.
        var start = Math.Max(_start, _end - secret.Longest);
        _end += read;
        secret.CoverIn(_bytes.AsSpan(start.._end));
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
}
