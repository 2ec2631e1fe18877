using System.Buffers;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Testing;

/// <summary>Sends a rendered answer: the pauses, the pieces and the ending are the fault's, the rest is the API's.</summary>
internal sealed class ReplyWriter(SandboxOptions options)
{
    public async Task<Outcome> WriteAsync(
        HttpContext context, SeenRequest seen, Reply reply, Fault? fault, Account? account, CancellationToken gone)
    {
        var slow = fault?.Slow ?? new Slowness();
        await PauseAsync(slow.BeforeHeadersMs, gone);
        if (fault?.Drop == true)
        {
            context.Abort();
            return Outcome.Broken;
        }

        if (fault?.StallBeforeHeaders == true)
        {
            await Task.Delay(Timeout.Infinite, gone);
        }

        (reply, var ending) = Breakage.Apply(reply, fault, seen.RequestId);
        WriteHead(context.Response, seen, reply, account, knowsLength: ending == Ending.Clean && fault?.End is null);
        reply.Begun?.Invoke();
        await context.Response.StartAsync(gone);
        if (reply.IsStream || fault is not null)
        {
            await context.Response.BodyWriter.FlushAsync(gone);
        }

        await PauseAsync(slow.BeforeFirstEventMs, gone);
        var pause = slow.PerEventMs > 0 ? slow.PerEventMs : reply.IsStream ? (int)options.TokenDelay.TotalMilliseconds : 0;
        for (var i = 0; i < reply.Parts.Count; i++)
        {
            await PauseAsync(i == 0 ? 0 : pause, gone);
            var isEnd = reply.IsStream && ending == Ending.Clean && i == reply.Parts.Count - 1;
            if (isEnd && HasLeft(context))
            {
                return Outcome.Aborted;
            }

            if (isEnd)
            {
                // The last event goes out together with the end of the body: a client may close as soon as it has seen it.
                context.Response.BodyWriter.Write(reply.Parts[i].Span);
            }
            else
            {
                await context.Response.BodyWriter.WriteAsync(reply.Parts[i], gone);
            }

            seen.Sent(reply.Parts[i].Length);
        }

        return await EndAsync(context, ending, gone);
    }

    private void WriteHead(HttpResponse response, SeenRequest seen, Reply reply, Account? account, bool knowsLength)
    {
        response.StatusCode = reply.Status;
        response.HttpContext.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = reply.Status == 529 ? "Site Overloaded" : null;
        var now = options.TimeProvider.GetUtcNow();
        foreach (var (name, value) in UsualHeaders.Of(seen.RequestId, account, options.RateLimitHeaders, now))
        {
            response.Headers[name] = value;
        }

        foreach (var (name, value) in reply.Headers)
        {
            response.Headers[name] = value.Length == 0 ? default : value;
        }

        response.ContentType = reply.ContentType;
        if (!reply.IsStream && knowsLength)
        {
            response.ContentLength = reply.Parts.Sum(part => part.Length);
        }

        seen.Answer(reply.Status);
    }

    private static async Task<Outcome> EndAsync(HttpContext context, Ending ending, CancellationToken gone)
    {
        switch (ending)
        {
            case Ending.Clean:
                await context.Response.CompleteAsync();
                return Outcome.Answered;
            case Ending.Cut:
                // Kestrel sends what was written and closes without the end of the body; Abort would lose bytes under way.
                throw new CutException();
            case Ending.Stall:
                await Task.Delay(Timeout.Infinite, gone);
                throw new InvalidOperationException("A stall ends with the connection.");
            default:
                throw new ArgumentOutOfRangeException(nameof(ending), ending, "Unknown ending.");
        }
    }

    // Writes to a connection that is gone succeed and do nothing, and the token that tells of it comes later than the last of
    // them.
    private static bool HasLeft(HttpContext context)
    {
        try
        {
            var socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception error) when (error is ObjectDisposedException or SocketException)
        {
            return true;
        }
    }

    private Task PauseAsync(int milliseconds, CancellationToken gone) => milliseconds == 0
        ? Task.CompletedTask
        : Task.Delay(TimeSpan.FromMilliseconds(milliseconds), options.TimeProvider, gone);
}

/// <summary>Thrown out of a handler to make the server close a connection in mid-answer.</summary>
internal sealed class CutException : Exception;
