using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace ClawGrpc.Testing;

/// <summary>One request: read it whole, log it, take its fault, answer, log how that ended.</summary>
internal sealed class Handler(
    SandboxOptions options, RequestLog log, FaultScript script, KeyRing keys, Api api, Ids ids, CancellationToken stopping)
{
    private readonly ReplyWriter _writer = new(options);

    public async Task HandleAsync(HttpContext context)
    {
        // What a client closes while its body is still under way was never a request; there is nothing to log.
        var (body, isTooLarge) = await ReadBodyAsync(context.Request, context.RequestAborted);
        var seen = See(context.Request, body);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        log.Add(seen);
        var outcome = Outcome.Broken;
        try
        {
            outcome = await AnswerAsync(context, seen, isTooLarge, gone.Token);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Stopping aborts what is open, too.
            outcome = stopping.IsCancellationRequested ? Outcome.Stopped : Outcome.Aborted;
            context.Abort();
        }
        finally
        {
            seen.End(outcome, options.TimeProvider.GetUtcNow());
        }
    }

    private async Task<Outcome> AnswerAsync(HttpContext context, SeenRequest seen, bool isTooLarge, CancellationToken gone)
    {
        var fault = script.Take(seen);
        var (reply, account) = fault switch
        {
            { Status: { } status } => (status.ToReply(seen.RequestId), seen.Credential is { } key ? keys.AccountOf(key) : null),
            { Replay: { } replay } => (replay.ToReply(), null),
            // Whatever the answer would be, it is never sent; asking for it would write to the cache.
            { Drop: true } or { StallBeforeHeaders: true } => (new Reply(200, null, []), null),
            _ => api.Answer(seen, isTooLarge),
        };
        return await _writer.WriteAsync(context, seen, reply, fault, account, gone);
    }

    private SeenRequest See(HttpRequest request, ReadOnlyMemory<byte> body) => new()
    {
        ReceivedAt = options.TimeProvider.GetUtcNow(),
        Method = request.Method,
        Path = request.Path.Value ?? "",
        Query = request.QueryString.Value ?? "",
        Headers = [.. request.Headers.SelectMany(Lines)],
        Betas = [.. request.Headers["anthropic-beta"].SelectMany(SplitList)],
        Body = body,
        RequestId = ids.Next("req_"),
    };

    private static IEnumerable<KeyValuePair<string, string>> Lines(KeyValuePair<string, StringValues> header) =>
        header.Value.Select(value => KeyValuePair.Create(header.Key, value ?? ""));

    private static string[] SplitList(string? value) =>
        (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // A body over the limit is read to its end and thrown away, so that the client sees the 413 and no broken pipe.
    private static async Task<(ReadOnlyMemory<byte> Body, bool IsTooLarge)> ReadBodyAsync(
        HttpRequest request, CancellationToken gone)
    {
        var buffer = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 0, 256, Api.MaximumBody));
        var isTooLarge = false;
        while (true)
        {
            var read = await request.Body.ReadAsync(buffer.GetMemory(4096), gone);
            if (read == 0)
            {
                return (isTooLarge ? default : buffer.WrittenMemory, isTooLarge);
            }

            buffer.Advance(read);
            isTooLarge |= buffer.WrittenCount > Api.MaximumBody;
            if (isTooLarge)
            {
                buffer.ResetWrittenCount();
            }
        }
    }
}
