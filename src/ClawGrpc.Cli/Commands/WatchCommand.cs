using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models status --watch</c>: the status, and the status again after each change.</summary>
internal static class WatchCommand
{
    /// <summary>Follows until interrupted: as a live table on a terminal, else as one JSON document, line or block for each change.</summary>
    public static Task<int> FollowAsync(Invocation invocation, OutputForm form, CancellationToken cancellation) =>
        form == OutputForm.Text && invocation.Surroundings.OutputIsTerminal
            ? LiveAsync(invocation, cancellation)
            : PrintAsync(invocation, form, cancellation);

    private static async Task<int> PrintAsync(Invocation invocation, OutputForm form, CancellationToken cancellation)
    {
        var watch = Watch(invocation, SaysOnce(invocation.Error));
        var first = true;
        await foreach (var status in watch.FollowAsync(invocation.AgentId, cancellation: cancellation))
        {
            if (form == OutputForm.Text)
            {
                if (!first) invocation.Out.Write('\n');
                invocation.Out.Write($"Revision {status.Revision}, {status.ChangeTime?.ToDateTimeOffset():yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\n");
            }

            StatusCommand.Write(invocation, status, form, oneLine: true);
            first = false;
        }

        return 0;
    }

    private static async Task<int> LiveAsync(Invocation invocation, CancellationToken cancellation)
    {
        var time = invocation.Surroundings.Time;
        string? interruption = null;
        var watch = Watch(invocation, reason => interruption = reason);
        await using var changes = watch.FollowAsync(invocation.AgentId, cancellation: cancellation).GetAsyncEnumerator(cancellation);
        // The first status comes before anything is drawn, so that a failure is an error text and not an empty table.
        await changes.MoveNextAsync();
        await invocation.Surroundings.Screen().Live(new Text("")).StartAsync(async view =>
        {
            var latest = changes.Current;
            var next = changes.MoveNextAsync().AsTask();
            while (true)
            {
                view.UpdateTarget(StatusTable.Of(latest, time.GetUtcNow(), interruption));
                // Remaining times count down between changes.
                await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), time, cancellation));
                if (!next.IsCompleted && !cancellation.IsCancellationRequested) continue;
                // Interrupted, this throws; an enumerator must not be disposed of while it is still at it.
                await next;
                latest = changes.Current;
                next = changes.MoveNextAsync().AsTask();
            }
        });
        return 0;
    }

    // An outage is one line at its beginning and one at its end, however often it was tried in between.
    private static Action<string?> SaysOnce(TextWriter error)
    {
        var interrupted = false;
        return reason =>
        {
            if (interrupted != reason is null) return;
            interrupted = reason is not null;
            error.Write((reason ?? "Connected again.") + "\n");
            error.Flush();
        };
    }

    // Tells of every interruption, with a text, and of the end of it, with null.
    private static StatusWatch Watch(Invocation invocation, Action<string?> interrupted) => new(invocation.Models)
    {
        Time = invocation.Surroundings.Time,
        // After a restart with nothing new to say, the first heartbeat is what tells that the server is back.
        Heartbeat = TimeSpan.FromSeconds(5),
        Interrupted = (failure, _) =>
            interrupted($"{FailureText.Of(failure, invocation.Endpoint).Split('\n')[0]} Trying again from time to time."),
        Resumed = () => interrupted(null),
    };
}
