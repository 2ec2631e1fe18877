using System.CommandLine;
using ClawGrpc.Cli.Checking;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw doctor</c>: looks at everything that a completion needs, and says what to do. It changes nothing.</summary>
internal static class DoctorCommand
{
    public static Command Create(Globals globals)
    {
        var json = ClientsCommand.JsonOption();
        const string description = "Check folder, token, clock, upstream, profiles and listeners, and say what to do";
        return globals.Command("doctor", description, [json], async (invocation, cancellation) =>
        {
            var findings = await FindAsync(invocation, cancellation);
            if (invocation.Get(json))
                WriteJson(invocation, findings);
            else
                Write(invocation, findings);
            invocation.Out.Flush();
            return findings.Exists(finding => finding.Level == Level.Problem) ? 1 : 0;
        });
    }

    private static async Task<List<Finding>> FindAsync(Invocation invocation, CancellationToken cancellation)
    {
        var findings = new List<Finding>();
        if (invocation.Endpoint.SocketPath is { } socket)
            findings.AddRange(FolderChecks.Of(Path.GetDirectoryName(socket)!));
        var tokenFile = invocation.Options.TokenFile ?? invocation.Environment.Variable("CLAWGRPC_TOKEN_FILE");
        if (tokenFile is { Length: > 0 } file && FolderChecks.OfTokenFile(file) is { } open)
            findings.Add(open);
        try
        {
            await AskAsync(invocation, findings, cancellation);
        }
        catch (RpcException exception) when (!cancellation.IsCancellationRequested)
        {
            var hasToken = invocation.Options.TokenOrigin(invocation.Endpoint) is not null;
            var lines = FailureText.Of(exception, invocation.Endpoint, hasToken).Split('\n', 2);
            findings.Add(new Finding(Level.Problem, "Server", lines[0], lines.Length > 1 ? lines[1] : ""));
        }

        return findings;
    }

    private static async Task AskAsync(Invocation invocation, List<Finding> findings, CancellationToken cancellation)
    {
        var time = invocation.Environment.Time;
        var caller = await invocation.Access.WhoAmIAsync(new WhoAmIRequest(), cancellationToken: cancellation);
        findings.Add(ServerChecks.OfCaller(caller, time.GetUtcNow()));
        if (caller.Client?.Scopes.Contains(Scope.Status) is not true)
        {
            findings.Add(new Finding(
                Level.Warning, "Server", $"{invocation.Endpoint}; this client has no scope status, so nothing more can be seen"));
            return;
        }

        var sent = time.GetUtcNow();
        var server = await invocation.Access.GetServerAsync(
            new GetServerRequest { CheckUpstream = true }, cancellationToken: cancellation);
        var now = time.GetUtcNow();
        findings.Add(new Finding(Level.Ok, "Server", $"{invocation.Endpoint}, version {server.Version}"));
        findings.AddRange(ServerChecks.OfListeners(server.Listeners, now));
        findings.Add(ServerChecks.OfClock(server, sent, now));
        findings.Add(ServerChecks.OfUpstream(server.Upstream));
        foreach (var agentId in await AgentsAsync(invocation, cancellation))
        {
            var status = await invocation.Models.GetStatusAsync(
                new GetStatusRequest { AgentId = agentId }, cancellationToken: cancellation);
            findings.AddRange(ServerChecks.OfAgent(status.Status, now).Where(finding => !findings.Contains(finding)));
        }
    }

    private static async Task<IReadOnlyList<string>> AgentsAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.AgentId.Length > 0)
            return [invocation.AgentId];
        var agents = await invocation.Auth.ListAgentsAsync(new ListAgentsRequest(), cancellationToken: cancellation);
        return [.. agents.Agents.Select(agent => agent.AgentId)];
    }

    private static void Write(Invocation invocation, List<Finding> findings)
    {
        var width = findings.Max(finding => finding.Check.Length);
        foreach (var finding in findings)
        {
            invocation.Out.Write($"{NameOf(finding.Level),-7}  {finding.Check.PadRight(width)}  {finding.Text}\n");
            if (finding.Advice.Length > 0)
                invocation.Out.Write($"{new string(' ', 11 + width)}{finding.Advice}\n");
        }

        invocation.Out.Write($"{Count(findings, Level.Problem)}, {Count(findings, Level.Warning)}.\n");
    }

    private static void WriteJson(Invocation invocation, List<Finding> findings) => Json.WriteDocument(invocation.Out, writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("problems", CountOf(findings, Level.Problem));
        writer.WriteNumber("warnings", CountOf(findings, Level.Warning));
        writer.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("level", NameOf(finding.Level));
            writer.WriteString("check", finding.Check);
            writer.WriteString("text", finding.Text);
            if (finding.Advice.Length > 0)
                writer.WriteString("advice", finding.Advice);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static string Count(List<Finding> findings, Level level) => CountOf(findings, level) is var count && count == 1
        ? $"1 {NameOf(level)}"
        : $"{count} {NameOf(level)}s";

    private static int CountOf(List<Finding> findings, Level level) => findings.Count(finding => finding.Level == level);

    private static string NameOf(Level level) => level switch
    {
        Level.Ok => "ok",
        Level.Warning => "warning",
        _ => "problem",
    };
}
