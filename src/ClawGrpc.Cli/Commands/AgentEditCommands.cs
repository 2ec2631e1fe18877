using System.CommandLine;
using System.Text;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw agents add</c> and <c>claw agents remove</c>.</summary>
internal static class AgentEditCommands
{
    public static Command Add(Globals globals)
    {
        var name = new Argument<string>("name") { Description = "Agent id or name" };
        var model = new Option<string?>("--model") { Description = "Model id of this agent", HelpName = "id" };
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        // OpenClaw's options for what ClawGrpc does not have.
        var workspace = new Option<string?>("--workspace") { Hidden = true };
        var nonInteractive = new Option<bool>("--non-interactive") { Hidden = true };
        Symbol[] symbols = [name, model, json, workspace, nonInteractive];
        return globals.Command("add", "Add an agent to the configuration", symbols, async (invocation, cancellation) =>
        {
            if (invocation.Has(workspace))
                invocation.Error.Write("Note: ignored, there is no workspace to set up: --workspace\n");
            RefuseLetters(invocation.Get(name)!);
            var request = new AddAgentRequest { Name = invocation.Get(name), Model = invocation.Get(model)?.Trim() ?? "" };
            if (request.Model.Length > 0)
                await ModelDoubt.WarnAsync(invocation, request.Model, cancellation);
            var response = await invocation.Auth.AddAgentAsync(request, cancellationToken: cancellation);
            if (invocation.Get(json))
                WriteJson(invocation, response);
            else
                Write(invocation, response);
            invocation.Out.Flush();
            if (response.DefaultAgentListed)
                invocation.Error.Write($"Note: {response.DefaultAgentId} stays the default agent: it is listed as that now.\n");
            if (response.Agent.ProfileCount == 0)
                invocation.Error.Write($"Next: claw onboard --agent {response.Agent.AgentId}\n");
            return 0;
        });
    }

    public static Command Remove(Globals globals)
    {
        var name = new Argument<string>("name") { Description = "Agent id" };
        var yes = Removal.YesOption();
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        const string description = "Remove an agent from the configuration; its files stay";
        return globals.Command("remove", description, [name, yes, json], async (invocation, cancellation) =>
        {
            var id = invocation.Get(name)!.Trim();
            var question = $"Remove agent {id} from the configuration? Its files stay.";
            if (!await Removal.IsConfirmedAsync(invocation, yes, $"agent {id}", question, cancellation))
            {
                invocation.Out.Write("Cancelled.\n");
                return 0;
            }

            var before = (await AgentsCommand.AllAsync(invocation, cancellation)).Find(agent => agent.DefaultAgent)?.AgentId;
            var request = new RemoveAgentRequest { AgentId = id };
            var response = await invocation.Auth.RemoveAgentAsync(request, cancellationToken: cancellation);
            if (invocation.Get(json))
            {
                WriteJson(invocation, id, response);
                return 0;
            }

            invocation.Out.Write(
                $"Updated {invocation.Environment.ShortPath(response.ConfigPath)}\nRemoved agent: {id}\n");
            invocation.Out.Flush();
            if (before is not null && before != response.DefaultAgentId)
                invocation.Error.Write($"Note: the default agent is {response.DefaultAgentId} now.\n");
            invocation.Error.Write(Stays(invocation, response));
            return 0;
        });
    }

    // An id keeps letters and digits of ASCII only: of Ünï it would keep n.
    private static void RefuseLetters(string name)
    {
        if (name.EnumerateRunes().Any(rune => !rune.IsAscii && Rune.IsLetterOrDigit(rune)))
        {
            throw CliFailure.Failed(
                $"An agent's id has the letters a to z, digits, dashes and underscores only; \"{Secrets.Mask(name)}\" has "
                + "others. Choose such a name, such as work.");
        }
    }

    // Empty if nothing does.
    private static string Stays(Invocation invocation, RemoveAgentResponse response)
    {
        if (response.AgentDir.Length == 0)
            return "";
        var folder = invocation.Environment.ShortPath(response.AgentDir);
        var profiles = response.ProfileCount == 1 ? "1 auth profile" : $"{response.ProfileCount} auth profiles";
        var until = response.Exists ? " Until you remove that folder, the agent can still be used." : "";
        return $"Note: its files stay, with {profiles}: {folder}.{until}\n";
    }

    private static void Write(Invocation invocation, AddAgentResponse response)
    {
        invocation.Out.Write($"Updated {invocation.Environment.ShortPath(response.ConfigPath)}\n");
        invocation.Out.Write($"Agent: {response.Agent.AgentId}\n");
        invocation.Out.Write($"Agent dir: {invocation.Environment.ShortPath(response.Agent.AgentDir)}\n");
        invocation.Out.Write($"Model: {response.Agent.Model}\n");
    }

    private static void WriteJson(Invocation invocation, AddAgentResponse response) => Json.WriteDocument(invocation.Out, json =>
    {
        json.WriteStartObject();
        json.WriteString("agentId", response.Agent.AgentId);
        json.WriteString(
            "name", response.Agent.DisplayName.Length > 0 ? response.Agent.DisplayName : response.Agent.AgentId);
        json.WriteString("agentDir", response.Agent.AgentDir);
        json.WriteString("model", response.Agent.Model);
        json.WriteBoolean("isDefault", response.Agent.DefaultAgent);
        json.WriteString("defaultAgentId", response.DefaultAgentId);
        json.WriteString("configPath", response.ConfigPath);
        json.WriteEndObject();
    });

    private static void WriteJson(Invocation invocation, string id, RemoveAgentResponse response) =>
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WriteString("agentId", id);
            json.WriteOptional("agentDir", response.AgentDir);
            json.WriteNumber("profileCount", response.ProfileCount);
            json.WriteBoolean("exists", response.Exists);
            json.WriteString("defaultAgentId", response.DefaultAgentId);
            json.WriteString("configPath", response.ConfigPath);
            json.WriteEndObject();
        });
}
