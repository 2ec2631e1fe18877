using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw agents list|add|remove</c>.</summary>
internal static class AgentsCommand
{
    public static Command Create(Globals globals)
    {
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        var list = globals.Command("list", "List configured agents", [json], async (invocation, cancellation) =>
        {
            var agents = await AllAsync(invocation, cancellation);
            if (invocation.Get(json))
                WriteJson(invocation, agents);
            else
                WriteText(invocation, agents);
            invocation.Out.Flush();
            return 0;
        });
        return Globals.Group(
            "agents", "The agents that own credentials", list, AgentEditCommands.Add(globals), AgentEditCommands.Remove(globals));
    }

    /// <summary>All agents that the caller may use.</summary>
    public static async Task<List<Agent>> AllAsync(Invocation invocation, CancellationToken cancellation)
    {
        var agents = new List<Agent>();
        var request = new ListAgentsRequest { PageSize = 1000 };
        do
        {
            var page = await invocation.Auth.ListAgentsAsync(request, cancellationToken: cancellation);
            agents.AddRange(page.Agents);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return agents;
    }

    private static void WriteText(Invocation invocation, List<Agent> agents)
    {
        invocation.Out.Write("Agents:\n");
        foreach (var agent in agents)
        {
            var name = agent.DisplayName.Length > 0 && agent.DisplayName != agent.AgentId ? $" ({agent.DisplayName})" : "";
            invocation.Out.Write($"- {agent.AgentId}{(agent.DefaultAgent ? " (default)" : "")}{name}\n");
            invocation.Out.Write($"  Agent dir: {invocation.Environment.ShortPath(agent.AgentDir)}\n");
            invocation.Out.Write($"  Model: {agent.Model}\n");
            invocation.Out.Write($"  Auth profiles: {agent.ProfileCount}\n");
        }
    }

    private static void WriteJson(Invocation invocation, List<Agent> agents) => Json.WriteDocument(invocation.Out, json =>
    {
        json.WriteStartArray();
        foreach (var agent in agents)
        {
            json.WriteStartObject();
            json.WriteString("id", agent.AgentId);
            json.WriteOptional("name", agent.DisplayName);
            json.WriteString("agentDir", agent.AgentDir);
            json.WriteString("model", agent.Model);
            json.WriteBoolean("isDefault", agent.DefaultAgent);
            json.WriteNumber("profileCount", agent.ProfileCount);
            if (agent.UpdateTime is { } updated)
                json.WriteNumber("updatedAt", Words.Milliseconds(updated));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
