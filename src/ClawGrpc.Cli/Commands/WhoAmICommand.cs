using System.CommandLine;
using ClawGrpc.Cli.Checking;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw whoami</c>.</summary>
internal static class WhoAmICommand
{
    public static Command Create(Globals globals)
    {
        var json = ClientsCommand.JsonOption();
        const string description = "Who you are to the server, and what you may do";
        return globals.Command("whoami", description, [json], async (invocation, cancellation) =>
        {
            var caller = await invocation.Access.WhoAmIAsync(new WhoAmIRequest(), cancellationToken: cancellation);
            if (invocation.Get(json))
                Json.WriteDocument(invocation.Out, writer => ClientJson.Write(writer, caller));
            else
                Write(invocation, caller);
            invocation.Out.Flush();
            Warn(invocation, caller);
            return 0;
        });
    }

    /// <summary>Warns on standard error if the token of the calls is to end soon. That nothing can be known of it is no
    /// failure.</summary>
    public static async Task WarnOfTokenAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Options.TokenOrigin(invocation.Endpoint) is null)
            return;
        try
        {
            Warn(invocation, await invocation.Access.WhoAmIAsync(new WhoAmIRequest(), cancellationToken: cancellation));
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            // The status is what was asked for.
        }
    }

    private static void Write(Invocation invocation, WhoAmIResponse caller)
    {
        var now = invocation.Environment.Time.GetUtcNow();
        string[] bound = caller.BoundAgentId.Length + caller.BoundSessionId.Length == 0
            ? []
            : [$"Bound to:{Part("agent", caller.BoundAgentId)}{Part("session", caller.BoundSessionId)}"];
        foreach (var line in (string[])
        [
            $"Client: {caller.Client?.Name}",
            $"Known by: {caller.Proof}{(caller.Shown.Length > 0 ? $" ({caller.Shown})" : "")}",
            .. ClientText.Lines(caller.Client ?? new V1.Client()),
            .. bound,
            $"Expires: {(caller.ExpireTime is { } end ? $"in {ShortDuration.Of(end.ToDateTimeOffset() - now)}" : "never")}",
        ])
        {
            invocation.Out.Write(line + "\n");
        }
    }

    private static string Part(string kind, string id) => id.Length > 0 ? $" {kind} {id}" : "";

    private static void Warn(Invocation invocation, WhoAmIResponse caller)
    {
        var now = invocation.Environment.Time.GetUtcNow();
        if (!ServerChecks.EndsSoon(caller, now))
            return;
        var left = ShortDuration.Of(caller.ExpireTime.ToDateTimeOffset() - now);
        invocation.Error.Write($"Warning: the token {caller.Shown} expires in {left}. "
            + $"Rotate it: claw clients token rotate {caller.Shown}\n");
    }
}
