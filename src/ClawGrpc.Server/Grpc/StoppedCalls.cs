namespace ClawGrpc.Server.Grpc;

/// <summary>Calls that are still open some time after the server was told to stop: they are cut, and told so.</summary>
internal sealed class StoppedCalls : IDisposable
{
    /// <summary>From the signal until calls are cut.</summary>
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(6);

    private readonly CancellationTokenSource _cut = new();
    private readonly CancellationTokenRegistration _stopping;
    private readonly ITimer _timer;

    public StoppedCalls(IHostApplicationLifetime lifetime, TimeProvider time)
    {
        _timer = time.CreateTimer(_ => _cut.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _stopping = lifetime.ApplicationStopping.Register(() => _timer.Change(Drain, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Whether calls are cut.</summary>
    public bool IsCut => _cut.IsCancellationRequested;

    /// <summary>The middleware: a call that is cut is cancelled as by its caller, but its connection is still there.</summary>
    public async Task CutAsync(HttpContext context, RequestDelegate next)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _cut.Token);
        context.RequestAborted = either.Token;
        await next(context);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _timer.Dispose();
        _cut.Dispose();
    }
}
