using System.Buffers;
using System.IO.Pipelines;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Completions;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Http;

/// <summary>
/// One streamed answer: upstream's events byte for byte, with a sign of life in silences that clients and proxies would take for
/// a broken connection.
/// </summary>
internal sealed class EventRelay(HttpContext context, TimeProvider time)
{
    // Claude Code shows a warning after 20 s without a byte; load balancers often cut after 60 s.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenComments = TimeSpan.FromSeconds(10);

    private readonly PipeWriter _body = context.Response.BodyWriter;
    private readonly CancellationToken _writing = context.Features.GetRequiredFeature<LiveCall>().Writing;

    private static ReadOnlySpan<byte> Ping => "event: ping\ndata: {\"type\": \"ping\"}\n\n"u8;

    private static ReadOnlySpan<byte> Waiting => ": waiting\n\n"u8;

    /// <summary>Relays the answer to its end.</summary>
    /// <param name="asking">The completion, once a route serves.</param>
    /// <param name="settle">Called once all is counted and before the caller sees the end.</param>
    /// <exception cref="RefusedException">The call is refused; a part of the answer may have been sent.</exception>
    /// <exception cref="OperationCanceledException">The caller left, or the call ended.</exception>
    public async Task RunAsync(Task<CallResult<OpenedCompletion>> asking, Func<Receipt, Task> settle)
    {
        await using var completion = await OpenAsync(asking);
        if (!context.Response.HasStarted)
            AnswerHead.Write(context.Response, completion);
        Begin();
        while (await ReadAsync(completion))
        {
            while (completion.TryNext(out _))
                _body.Write(completion.Raw.Span);
            await FlushAsync();
        }

        if (completion.Refusal is { } broken)
            throw broken.ToException();
        await settle(completion.Finish());
        await FlushAsync();
    }

    // A caller that leaves while a route is opened must not leave the opened answer behind.
    private async Task<OpenedCompletion> OpenAsync(Task<CallResult<OpenedCompletion>> asking)
    {
        try
        {
            await WaitAsync(asking);
        }
        catch
        {
            await using var _ = (await asking).OrThrow();
            throw;
        }

        return (await asking).OrThrow();
    }

    // While routes are tried nothing is sent, since the next one may still refuse the request as a whole; but not for ever.
    private async Task WaitAsync(Task asking)
    {
        var patience = Silence;
        while (!asking.IsCompleted && !await CompletesWithinAsync(asking, patience))
        {
            if (!context.Response.HasStarted)
                Begin();
            _body.Write(Waiting);
            await FlushAsync();
            patience = BetweenComments;
        }
    }

    private async ValueTask<bool> ReadAsync(OpenedCompletion completion)
    {
        var read = completion.ReadAsync();
        if (read.IsCompleted)
            return await read;
        var reading = read.AsTask();
        while (!await CompletesWithinAsync(reading, Silence))
        {
            // Between two events: a batch ends with a whole one.
            _body.Write(Ping);
            await FlushAsync();
        }

        return await reading;
    }

    private async Task<bool> CompletesWithinAsync(Task task, TimeSpan span)
    {
        try
        {
            await task.WaitAsync(span, time);
            return true;
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            return false;
        }
        catch (Exception) when (task.IsCompleted)
        {
            return true;
        }
    }

    private void Begin()
    {
        var response = context.Response;
        if (response.HasStarted)
            return;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
    }

    private async ValueTask FlushAsync()
    {
        var flushed = await _body.FlushAsync(_writing);
        if (!flushed.IsCompleted && !flushed.IsCanceled)
            return;

        // The connection is gone. The request to upstream ends with this token, which says so a moment later.
        context.Abort();
        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }
}
