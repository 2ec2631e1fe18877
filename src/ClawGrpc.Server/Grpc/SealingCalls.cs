using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.V1;
using Agent = ClawGrpc.Gateway.Agents.Agent;

namespace ClawGrpc.Server.Grpc;

/// <summary>The calls of AuthService about sealed secrets.</summary>
internal sealed class SealingCalls(Fleet fleet, FleetSealing sealing)
{
    public async Task<GetSealingResponse> GetAsync(GetSealingRequest request)
    {
        var agents = await FindAsync(request.AgentId);
        if (request.AgentId.Trim().Length > 0)
            _ = agents[0].Profiles.ReadableOwn;
        return new GetSealingResponse { Sealing = MessageOf(agents) };
    }

    public async Task<SealSecretsResponse> SealAsync(SealSecretsRequest request, CancellationToken cancellation)
    {
        var agents = await FindAsync(request.AgentId);
        var changed = await sealing.SealAsync(agents, request.AllowSharedFolder, cancellation);
        return new SealSecretsResponse { Sealing = MessageOf(agents), ChangedCount = changed };
    }

    public async Task<UnsealSecretsResponse> UnsealAsync(UnsealSecretsRequest request, CancellationToken cancellation)
    {
        var agents = await FindAsync(request.AgentId);
        var changed = await sealing.UnsealAsync(agents, cancellation);
        return new UnsealSecretsResponse { Sealing = MessageOf(agents), ChangedCount = changed };
    }

    public async Task<RotateSealingKeyResponse> RotateAsync(RotateSealingKeyRequest request, CancellationToken cancellation)
    {
        var agents = await FindAsync("");
        var changed = await sealing.RotateAsync(agents, request.KeyId.Trim(), cancellation);
        return new RotateSealingKeyResponse { Sealing = MessageOf(agents), ChangedCount = changed };
    }

    // Empty: all of them.
    private async Task<IReadOnlyList<Agent>> FindAsync(string agentId)
    {
        if (agentId.Trim().Length > 0)
            return [await fleet.FindAsync(Caller.Server, agentId)];
        var agents = new List<Agent>();
        foreach (var id in fleet.Ids)
            agents.Add(await fleet.FindAsync(Caller.Server, id));
        return agents;
    }

    private Sealing MessageOf(IReadOnlyList<Agent> agents)
    {
        var keys = sealing.Keys;
        var message = new Sealing { ActiveKeyId = keys.Active?.Id ?? "", Problem = keys.Problem ?? "" };
        message.Agents.AddRange(agents.Select(agent => MessageOf(sealing.StateOf(agent))));
        var counts = message.Agents.SelectMany(agent => agent.SealedByKey).ToLookup(each => each.KeyId, each => each.Count);
        message.Keys.AddRange(keys.Loaded.Select(key => new SealingKey
        {
            KeyId = key.Key?.Id ?? "",
            Path = key.Path,
            Problem = key.Problem ?? "",
            SealedCount = key.Key is null ? 0 : counts[key.Key.Id].Sum(),
        }));
        return message;
    }

    private static AgentSealing MessageOf(AgentSealingState state)
    {
        var byKey = state.Secrets.Where(secret => secret.KeyId is not null).GroupBy(secret => secret.KeyId!)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new SealedCount { KeyId = group.Key, Count = group.Count() }).ToList();
        var message = new AgentSealing
        {
            AgentId = state.Agent.Id,
            StorePath = state.Agent.StorePath,
            SealsNewSecrets = state.SealsNew,
            SharedWith = state.OtherProgram ?? "",
            SealedCount = byKey.Sum(each => each.Count),
            PlainCount = state.Secrets.Count(secret => secret.KeyId is null),
            Problem = state.Problem ?? "",
        };
        message.SealedByKey.AddRange(byKey);
        message.UnopenedProfiles.AddRange(state.Unopened.Select(profile =>
            new UnopenedProfile { ProfileId = profile.Id, Reason = profile.Credential.SealProblem }));
        message.PlainFiles.AddRange(state.PlainFiles);
        return message;
    }
}
