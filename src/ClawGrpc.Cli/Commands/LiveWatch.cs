using System.Runtime.InteropServices;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary>The status as a table that follows it, until q, Ctrl-C or a signal. Whatever ends it, the terminal is as
/// before.</summary>
internal sealed class LiveWatch : IDisposable
{
    private const string Footer = "q quits";
    private const int AfterSignal = 128;
    private const int Interrupted = 130;

    private readonly CliEnvironment _environment;
    private readonly IAnsiConsole _console;
    private readonly CancellationTokenSource _ended;
    private readonly List<PosixSignalRegistration> _signals = [];
    private volatile TaskCompletionSource _resized = NewTrigger();
    private AgentStatus _latest = new();
    private int _exitCode = Interrupted;

    public LiveWatch(CliEnvironment environment, IAnsiConsole console, CancellationToken cancellation)
    {
        (_environment, _console) = (environment, console);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (!OperatingSystem.IsWindows())
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _resized.TrySetResult()));
        foreach (var (signal, number) in new[] { (PosixSignal.SIGTERM, 15), (PosixSignal.SIGHUP, 1), (PosixSignal.SIGQUIT, 3) })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                End(AfterSignal + number);
            }));
        }
    }

    /// <summary>Ends with the watch.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Draws until something ends it; the last picture stays.</summary>
    /// <param name="changes">The statuses, of which the first one is there.</param>
    /// <param name="interruption">Why the watch is interrupted; null if it is not.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IAsyncEnumerator<AgentStatus> changes, Func<string?> interruption)
    {
        var keys = _environment.InputIsTerminal ? QuitOnKeyAsync(_environment.PromptConsole().Input) : Task.CompletedTask;
        try
        {
            using (var screen = new LiveScreen(_console))
                await DrawAsync(screen, changes, interruption);
        }
        catch (Exception exception) when (Ended.IsCancellationRequested && IsEnd(exception))
        {
            _console.Write(Table(_latest, interruption()));
        }
        finally
        {
            await _ended.CancelAsync();
            await keys;
        }

        return _exitCode;
    }

    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _ended.Dispose();
    }

    private async Task DrawAsync(LiveScreen screen, IAsyncEnumerator<AgentStatus> changes, Func<string?> interruption)
    {
        _latest = changes.Current;
        var next = changes.MoveNextAsync().AsTask();
        while (true)
        {
            if (_resized.Task.IsCompleted)
                _resized = NewTrigger();
            screen.Draw(Table(_latest, interruption()), Footer);

            // Remaining times count down between changes.
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), _environment.Time, Ended), _resized.Task);
            if (!next.IsCompleted && !Ended.IsCancellationRequested)
                continue;

            // Await even when cancelled: an enumerator must not be disposed while MoveNextAsync runs.
            await next;
            _latest = changes.Current;
            next = changes.MoveNextAsync().AsTask();
        }
    }

    private async Task QuitOnKeyAsync(IAnsiConsoleInput input)
    {
        try
        {
            while (await input.ReadKeyAsync(intercept: true, Ended) is { } key)
            {
                if (key.KeyChar is not ('q' or 'Q'))
                    continue;
                End(0);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The watch ended.
        }
    }

    private void End(int exitCode)
    {
        _exitCode = exitCode;
        _ended.Cancel();
    }

    private Table Table(AgentStatus status, string? interruption) =>
        StatusTable.Of(status, _environment.Time.GetUtcNow(), interruption, _console.Profile.Width);

    private static bool IsEnd(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static TaskCompletionSource NewTrigger() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
