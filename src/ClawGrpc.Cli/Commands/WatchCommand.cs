using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models status --watch</c>: prints the status now and after each change.</summary>
internal static class WatchCommand
{
    /// <summary>Follows the status until interrupted: as a live table on a terminal, else as a JSON line, a plain line or a block
    /// of text for each change.</summary>
    public static Task<int> FollowAsync(Invocation invocation, OutputForm form, CancellationToken cancellation) =>
        form == OutputForm.Text && invocation.Environment.OutputIsTerminal
            && invocation.Environment.LiveConsole() is { Profile.Capabilities.Ansi: true } console
            ? LiveAsync(invocation, console, cancellation)
            : PrintAsync(invocation, form, cancellation);

    private static async Task<int> PrintAsync(Invocation invocation, OutputForm form, CancellationToken cancellation)
    {
        var watch = Watch(invocation, WritesOnce(invocation.Error));
        var first = true;
        await foreach (var status in watch.FollowAsync(invocation.AgentId, cancellation: cancellation))
        {
            if (form == OutputForm.Text)
            {
                if (!first)
                    invocation.Out.Write('\n');
                var time = status.ChangeTime is { } changed ? Words.Instant(changed) : "";
                invocation.Out.Write($"Revision {status.Revision}, {time}\n");
            }

            StatusCommand.Write(invocation, status, form, oneLine: true);
            first = false;
        }

        return 0;
    }

    private static async Task<int> LiveAsync(Invocation invocation, IAnsiConsole console, CancellationToken cancellation)
    {
        string? interruption = null;
        using var live = new LiveWatch(invocation.Environment, console, cancellation);
        var watch = Watch(invocation, reason => interruption = reason);
        await using var changes = watch.FollowAsync(invocation.AgentId, cancellation: live.Ended).GetAsyncEnumerator(live.Ended);
        // Wait for the first status before drawing, so that a failure prints an error and not an empty table.
        await changes.MoveNextAsync();
        return await live.RunAsync(changes, () => interruption);
    }

    // One line at the start of an outage and one at its end, whatever the number of tries between.
    private static Action<string?> WritesOnce(TextWriter error)
    {
        var interrupted = false;
        return reason =>
        {
            if (interrupted != reason is null)
                return;
            interrupted = reason is not null;
            error.Write((reason ?? "Connected again.") + "\n");
            error.Flush();
        };
    }

    // Calls `interrupted` with a text at each interruption, and with null when the watch goes on.
    private static StatusWatch Watch(Invocation invocation, Action<string?> interrupted) => new(invocation.Models)
    {
        Time = invocation.Environment.Time,
        // After a restart without a change, the first heartbeat shows that the server is back.
        Heartbeat = TimeSpan.FromSeconds(5),
        Interrupted = (failure, _) =>
            interrupted($"{FailureText.Of(failure, invocation.Endpoint, hasToken: true).Split('\n')[0]} "
                + "Trying again from time to time."),
        Resumed = () => interrupted(null),
    };
}
