using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Http;

/// <summary>
/// <c>/readyz</c>, for load balancers: whether to send requests here. A database that is away does not count, since completions
/// go on and all replicas would leave at once; with <c>?strict</c> it does.
/// </summary>
internal sealed class ReadyEndpoint(IHostApplicationLifetime lifetime, IStateStore store)
{
    public async Task AnswerAsync(HttpContext context)
    {
        var why = lifetime.ApplicationStopping.IsCancellationRequested ? "stopping"
            : context.Request.Query.ContainsKey("strict") && store.AwaySince is { } since
                ? $"degraded since {since:yyyy-MM-dd'T'HH:mm:ss'Z'}: the database is away or cannot be written"
                : null;
        context.Response.StatusCode = why is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain";
        await context.Response.WriteAsync($"{why ?? "ready"}\n", context.RequestAborted);
    }
}
