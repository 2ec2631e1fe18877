using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(Globals globals)
    {
        var outputs = new OutputOptions();
        var check = new Option<bool>("--check")
        {
            Description = "Exit non-zero if auth is expiring/expired (1=expired/missing, 2=expiring)",
        };
        var watch = new Option<bool>("--watch") { Description = "Follow changes until q or Ctrl-C" };
        var probe = new ProbeOptions();
        Symbol[] symbols = [outputs.Json, outputs.Plain, check, watch, .. probe.All];
        return globals.Command("status", "Show configured model state", symbols, async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            if (!invocation.Get(watch))
            {
                var probes = await probe.RunAsync(invocation, form, cancellation);
                return await ShowAsync(invocation, form, invocation.Get(check), cancellation, probes);
            }

            if (invocation.Get(probe.Probe))
                throw CliFailure.Failed("--probe cannot be used with --watch.");
            if (invocation.Get(check))
                throw CliFailure.Failed("--check cannot be used with --watch.");
            return await WatchCommand.FollowAsync(invocation, form, cancellation);
        });
    }

    /// <summary>Prints the current status.</summary>
    public static async Task<int> ShowAsync(
        Invocation invocation, OutputForm form, bool check, CancellationToken cancellation, ProbeRun? probes = null)
    {
        var response = await invocation.Models.GetStatusAsync(
            new GetStatusRequest { AgentId = invocation.AgentId }, cancellationToken: cancellation);
        Write(invocation, response.Status, form, oneLine: false, probes);
        await WhoAmICommand.WarnOfTokenAsync(invocation, cancellation);
        return check ? StatusCheck.ExitCode(response.Status) : 0;
    }

    /// <summary>Prints a status.</summary>
    public static void Write(Invocation invocation, AgentStatus status, OutputForm form, bool oneLine, ProbeRun? probes = null)
    {
        switch (form)
        {
            case OutputForm.Json:
                var json = new StatusJson(invocation.Environment.Time.GetUtcNow());
                var withAgentId = invocation.AgentId.Length > 0;
                Json.WriteDocument(invocation.Out, writer => json.Write(writer, status, withAgentId, probes), oneLine);
                break;
            case OutputForm.Plain:
                invocation.Out.Write(status.ResolvedDefault + "\n");
                break;
            default:
                new StatusText(invocation.Environment).Write(invocation.Out, status, invocation.AgentId.Length > 0);
                if (probes is not null)
                {
                    foreach (var line in ProbeOutput.Lines(probes))
                        invocation.Out.Write(line + "\n");
                }

                break;
        }

        invocation.Out.Flush();
    }
}
