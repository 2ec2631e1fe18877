using System.Runtime.InteropServices;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;

namespace ClawGrpc.Server.Hosting;

/// <summary>
/// Stops the server within a bound: calls may go on for a while and are cut then, and what is not written in the time that is
/// left is given up.
/// </summary>
internal static class Shutdown
{
    /// <summary>From the signal to the end of the process, whatever a lock, a file or upstream does.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>From the signal until connections are cut.</summary>
    public static readonly TimeSpan Connections = TimeSpan.FromSeconds(8);

    // Some of the bound is left for the end of the process itself.
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Has SIGHUP read the configuration and the profiles again. To be called before the server says that it is ready: until then
    /// the signal ends the process.
    /// </summary>
    public static IDisposable ReloadOnHangup(IServiceProvider services) =>
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = ReloadAsync(services);
        });

    /// <summary>Waits for a signal and stops the server.</summary>
    /// <returns>Whether everything was written; if not, it took too long.</returns>
    public static async Task<bool> WaitAsync(WebApplication app)
    {
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stopping = app.Lifetime.ApplicationStopping.Register(signalled.SetResult);
        using var signals = Signals(app);
        await signalled.Task;
        var stopped = Task.Run(async () =>
        {
            await app.StopAsync();
            await app.DisposeAsync();
        });
        if (await Task.WhenAny(stopped, Task.Delay(Longest - Reserve)) != stopped)
            return false;
        await stopped;
        return true;
    }

    // The host stops at the first of them.
    private static Registrations Signals(WebApplication app)
    {
        var count = 0;
        return new Registrations(
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }
                .Select(signal => PosixSignalRegistration.Create(signal, EndAtOnce)),
        ]);

        void EndAtOnce(PosixSignalContext context)
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref count) > 1)
                Processes.Exit(128 + (context.Signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGQUIT => 3, _ => 15 }));
        }
    }

    private static async Task ReloadAsync(IServiceProvider services)
    {
        await services.GetRequiredService<LiveConfiguration>().ReloadAsync();
        await services.GetRequiredService<Clients>().ReloadAsync();
        foreach (var agent in services.GetRequiredService<Fleet>().Awake)
            await agent.ReloadAsync(CancellationToken.None);
    }

    private sealed class Registrations(IReadOnlyList<PosixSignalRegistration> all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var each in all)
                each.Dispose();
        }
    }
}
