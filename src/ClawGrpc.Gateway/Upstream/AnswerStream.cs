using System.Buffers;
using System.IO.Pipelines;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// A streamed answer, read as it comes: nothing is read ahead of the caller, so a caller that stops reading stalls upstream and
/// nothing grows. One reader at a time.
/// </summary>
internal sealed class AnswerStream(HttpResponseMessage response, Stream stream, AnswerHeaders headers) : IAsyncDisposable
{
    // Behind the end of a message comes the end of the body, and nothing that would take longer.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(2);

    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: false));
    private SseReader _events = new();
    private ReadOnlySequence<byte> _buffer;
    private bool _holds;
    private bool _ended;

    public AnswerHeaders Headers { get; } = headers;

    /// <summary>What upstream had counted when it was waited on for content; null: nothing, or content came at once.</summary>
    public UsageCount? CountedBefore { get; private set; }

    /// <summary>Upstream's name of the answer; empty: it has none.</summary>
    public string RequestId { get; } = headers["request-id"] ?? "";

    /// <summary>Takes the bytes that were read before and not taken yet. False: there are none.</summary>
    public bool TryRead()
    {
        Release();
        if (_ended || !_pipe.TryRead(out var result))
            return false;
        (_buffer, _holds, _ended) = (result.Buffer, true, result.IsCompleted);
        return true;
    }

    /// <summary>Waits for more bytes. False: the stream has ended.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        Release();
        if (_ended)
            return false;
        var result = await _pipe.ReadAsync(cancellation);
        (_buffer, _holds, _ended) = (result.Buffer, true, result.IsCompleted);
        return true;
    }

    /// <summary>The next event among the bytes that are there; it holds until the next call.</summary>
    public bool TryNext(out StreamEvent next)
    {
        if (_events.TryReadEvent(ref _buffer, out var read))
        {
            next = StreamEvent.Parse(read);
            return true;
        }

        // What is left at the end without a closing blank line is no event (anthropic-api.md, section 3.1, rule 5).
        next = default;
        return false;
    }

    /// <summary>
    /// Waits for the first content-bearing event and goes back to the beginning. The failure if the answer fails before; null: it has begun.
    /// </summary>
    public async Task<UpstreamFailure?> BeginAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var result = await _pipe.ReadAsync(cancellation);
                var buffer = result.Buffer;
                var looked = LookForBeginning(ref buffer);
                _events.Dispose();
                _events = new SseReader();
                if (looked.Began || looked.Failure is not null)
                {
                    // Nothing counts as examined, so that the first read finds it all.
                    _pipe.AdvanceTo(result.Buffer.Start);
                    return looked.Failure;
                }

                CountedBefore ??= CountedIn(result.Buffer);
                _pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.IsCompleted)
                    return new UpstreamFailure(FailureKind.ServerError, "The answer ended before it began.") { Status = 200, RequestId = RequestId };
            }
        }
        catch (MalformedAnswerException exception)
        {
            return new UpstreamFailure(FailureKind.ServerError, $"The answer is malformed: {exception.Message}.") { Status = 200, RequestId = RequestId };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return AnthropicApi.Broken(exception) with { Status = 200, RequestId = RequestId };
        }
    }

    /// <summary>
    /// Disposes of an answer whose message is complete. The end of its body may still be under way and is waited for, since only then does
    /// the connection serve the next request; nobody has to wait along.
    /// </summary>
    public async Task DisposeAtEndAsync(TimeProvider time)
    {
        using var patience = new CancellationTokenSource();
        var reading = ReadToEndAsync(patience.Token);
        try
        {
            if (!reading.IsCompleted)
                await reading.WaitAsync(LongestEnd, time);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync();
        }

        await reading;
        await DisposeAsync();
    }

    private async Task ReadToEndAsync(CancellationToken cancellation)
    {
        try
        {
            while (await ReadAsync(cancellation))
                _buffer = _buffer.Slice(_buffer.End);
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException or IOException)
        {
            // The message was whole; the connection alone is lost.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        _events.Dispose();
        await _pipe.CompleteAsync();
        response.Dispose();
    }

    private (bool Began, UpstreamFailure? Failure) LookForBeginning(ref ReadOnlySequence<byte> buffer)
    {
        while (_events.TryReadEvent(ref buffer, out var read))
        {
            var next = StreamEvent.Parse(read);
            if (next.BearsContent)
                return (true, null);
            if (next.Kind != StreamEventKind.Error)
                continue;
            var (type, message) = next.Error();
            return (false, Failure.OfEvent(type, message, RequestId));
        }

        return (false, null);
    }

    // Whoever is given up before content has used its prompt all the same.
    private static UsageCount? CountedIn(ReadOnlySequence<byte> buffer)
    {
        using var events = new SseReader();
        while (events.TryReadEvent(ref buffer, out var read))
        {
            if (StreamEvent.Parse(read) is { Kind: StreamEventKind.MessageStart } start)
                return MessageFold.CountedIn(start);
        }

        return null;
    }

    private void Release()
    {
        if (!_holds)
            return;
        _holds = false;
        _pipe.AdvanceTo(_buffer.Start, _buffer.End);
    }
}
