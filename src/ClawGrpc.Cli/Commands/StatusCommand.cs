using System.CommandLine;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(Globals globals)
    {
        var outputs = new Outputs();
        var check = new Option<bool>("--check")
        {
            Description = "Exit non-zero if auth is expiring/expired (1=expired/missing, 2=expiring)",
        };
        var watch = new Option<bool>("--watch") { Description = "Follow changes until interrupted" };
        Symbol[] symbols = [outputs.Json, outputs.Plain, check, watch];
        return globals.Command("status", "Show configured model state", symbols, async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            if (!invocation.Get(watch)) return await ShowAsync(invocation, form, invocation.Get(check), cancellation);
            if (invocation.Get(check)) throw CliFailure.Usage("--check cannot be used with --watch.");
            return await WatchCommand.FollowAsync(invocation, form, cancellation);
        });
    }

    /// <summary>Prints the status as it is now.</summary>
    public static async Task<int> ShowAsync(Invocation invocation, OutputForm form, bool check, CancellationToken cancellation)
    {
        var response = await invocation.Models.GetStatusAsync(
            new GetStatusRequest { AgentId = invocation.AgentId }, cancellationToken: cancellation);
        Write(invocation, response.Status, form, oneLine: false);
        return check ? StatusCheck.ExitCode(response.Status) : 0;
    }

    /// <summary>Prints a status.</summary>
    public static void Write(Invocation invocation, AgentStatus status, OutputForm form, bool oneLine)
    {
        switch (form)
        {
            case OutputForm.Json:
                var json = new StatusJson(invocation.Surroundings.Time.GetUtcNow());
                Json.WriteDocument(invocation.Out, writer => json.Write(writer, status, invocation.AgentId.Length > 0), oneLine);
                break;
            case OutputForm.Plain:
                invocation.Out.Write(status.ResolvedDefault + "\n");
                break;
            default:
                new StatusText(invocation.Surroundings).Write(invocation.Out, status);
                break;
        }

        invocation.Out.Flush();
    }
}
