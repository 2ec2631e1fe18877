using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Gateway.Agents.Agent;

namespace ClawGrpc.Server.Grpc;

/// <summary>The agents: which there are, and the configuration's list of them.</summary>
internal sealed class AgentCalls(Fleet fleet, LiveConfiguration configuration, AgentSetups setups)
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    public async Task<ListAgentsResponse> ListAsync(ListAgentsRequest request, Caller caller)
    {
        if (request.PageSize is < 0 or > LargestPage)
            throw Refusal.InvalidField("page_size", $"Expected 0 to {LargestPage}").ToException();
        var size = request.PageSize == 0 ? DefaultPage : request.PageSize;
        var ids = fleet.Ids.Where(id => caller.MayUse(id) && string.CompareOrdinal(id, request.PageToken) > 0)
            .Take(size + 1).ToList();
        var response = new ListAgentsResponse { NextPageToken = ids.Count > size ? ids[size - 1] : "" };
        foreach (var id in ids.Take(size))
            response.Agents.Add(MessageOf(await fleet.FindAsync(caller, id)));
        return response;
    }

    public async Task<AddAgentResponse> AddAsync(AddAgentRequest request, CancellationToken cancellation)
    {
        var name = request.Name.Trim();
        if (!name.Any(char.IsAsciiLetterOrDigit) || !ModelRef.IsAcceptable(name))
            throw Refusal.InvalidField("name", "Expected a name with letters or digits, such as work").ToException();

        // It becomes a folder and is shown: a secret that was pasted here must not.
        if (SecretText.HasCredential(name) || SecretText.LooksSecret(name))
            throw Refusal.InvalidField("name", "Expected a name such as work; this looks like a secret").ToException();
        if (!ModelRef.IsAcceptable(request.Model) || SecretText.HasCredential(request.Model))
            throw Refusal.InvalidField("model", ModelRef.Expected).ToException();
        var id = AgentEntry.IdOf(name);
        var model = request.Model.Trim();
        var before = fleet.DefaultId;
        if (model.Length > 0 && ModelRef.Parse(model, setups.Of(before).Models.Aliases) is null)
            throw Refusal.InvalidField("model", $"Invalid model reference: {model}").ToException();
        var agent = new AgentEntry(id)
        {
            Name = name == id ? null : name,
            Model = model.Length == 0 ? ModelChoice.None : new ModelChoice { Primary = model },
        };
        var wasListed = IsListed(before);
        await configuration.EditAsync(
            text => AgentEdits.Add(text, agent, configuration.Current.Configuration.Agents, before), cancellation);
        return new AddAgentResponse
        {
            Agent = MessageOf(await fleet.FindAsync(Caller.Server, id)),
            ConfigPath = configuration.EditedPlace,
            DefaultAgentId = fleet.DefaultId,
            DefaultAgentListed = !wasListed && IsListed(before),
        };
    }

    public async Task<RemoveAgentResponse> RemoveAsync(RemoveAgentRequest request, CancellationToken cancellation)
    {
        var id = request.AgentId.Trim().Length > 0
            ? AgentEntry.IdOf(request.AgentId)
            : throw Refusal.InvalidField("agent_id", "Required: the id of the agent").ToException();
        var agent = fleet.Ids.Contains(id) ? await fleet.FindAsync(Caller.Server, id) : null;
        await configuration.EditAsync(text => AgentEdits.Remove(text, id, fleet.DefaultId), cancellation);
        return new RemoveAgentResponse
        {
            ConfigPath = configuration.EditedPlace,
            AgentDir = agent?.Directory ?? "",
            ProfileCount = agent?.Profiles.Own.Profiles.Length ?? 0,
            Exists = fleet.Ids.Contains(id),
            DefaultAgentId = fleet.DefaultId,
        };
    }

    private bool IsListed(string id) => configuration.Current.Configuration.Agents.Find(id) is not null;

    private V1.Agent MessageOf(Agent agent) => new()
    {
        AgentId = agent.Id,
        DisplayName = configuration.Current.Configuration.Agents.Find(agent.Id)?.Name ?? "",
        AgentDir = agent.Directory,
        DefaultAgent = agent.Id == fleet.DefaultId,
        Model = setups.Of(agent.Id).Models.DefaultText,
        ProfileCount = agent.Profiles.Own.Profiles.Length,
        UpdateTime = File.Exists(agent.StorePath) ? Timestamp.FromDateTime(File.GetLastWriteTimeUtc(agent.StorePath)) : null,
    };
}
