using System.Collections.Immutable;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>How the secrets of one agent are stored.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="SealsNew">Whether new ones are sealed.</param>
/// <param name="OtherProgram">The program that reads its folder too; null if none does.</param>
/// <param name="PlainFiles">Files of other programs with secrets as plain text.</param>
/// <param name="Problem">Why its profiles cannot be read; null if they can.</param>
internal sealed record AgentSealingState(
    Agent Agent, bool SealsNew, string? OtherProgram, ImmutableArray<string> PlainFiles, string? Problem)
{
    public ImmutableArray<SecretState> Secrets { get; } = Agent.Profiles.Own.Secrets;

    public ImmutableArray<Profile> Unopened { get; } =
        [.. Agent.Profiles.Own.Profiles.Where(profile => profile.Credential.SealProblem is not null)];
}

/// <summary>Seals and unseals the secrets of agents, and changes the key.</summary>
internal sealed class FleetSealing(SealingKeys keys, StateFolder folder, IStateStore store) : IDisposable
{
    private const string Main = "main";
    private const string Reason = "Another program reads the folder, and could not read sealed secrets";

    // Two at once could make different keys active, each believing that all secrets have its own.
    private readonly SemaphoreSlim _one = new(1);

    public KeyRing Keys => keys.Now;

    public AgentSealingState StateOf(Agent agent)
    {
        var other = folder.OtherProgramOf(agent.Directory);
        var isSealed = agent.Profiles.Own.Secrets.Any(secret => secret.KeyId is not null);
        string[] plain = agent.Id == Main
            ? [Path.Join(agent.Directory, "auth.json"), folder.LegacyLoginsPath]
            : [Path.Join(agent.Directory, "auth.json")];
        return new AgentSealingState(
            agent, keys.Now.IsConfigured && (other is null || isSealed), other, [.. plain.Where(File.Exists)],
            agent.Profiles.OwnProblem?.Message);
    }

    /// <summary>Changes how the secrets of agents are stored.</summary>
    /// <returns>How many of them changed.</returns>
    /// <exception cref="RefusedException">SEALING_KEY_UNAVAILABLE, FOLDER_SHARED; nothing was changed.</exception>
    public async Task<int> SealAsync(IReadOnlyList<Agent> agents, bool evenIfShared, CancellationToken cancellation)
    {
        if (keys.Now.Active is null)
        {
            throw NoKey(keys.Now.Problem
                ?? "No key is configured. Set clawgrpc.seal.keyFile, or load the credential clawgrpc-seal-key by systemd.");
        }
        foreach (var agent in agents.Where(_ => !evenIfShared))
        {
            if (folder.OtherProgramOf(agent.Directory) is not { } other)
                continue;
            throw new Refusal(
                RefusalReason.FolderShared, RefusalCode.FailedPrecondition,
                $"{Reason}: {other} reads {folder.Short(agent.Directory)} and would have no credentials there. To seal them "
                    + "nonetheless: claw secrets seal --even-if-shared")
                .With("agent_id", agent.Id).With("shared_with", other).ToException();
        }

        return await ChangeAsync(agents, SealGoal.Sealed, cancellation);
    }

    /// <exception cref="RefusedException">FOLDER_SHARED: servers share the state; nothing was changed.</exception>
    public Task<int> UnsealAsync(IReadOnlyList<Agent> agents, CancellationToken cancellation) => store.IsShared
        ? throw new Refusal(
            RefusalReason.FolderShared, RefusalCode.FailedPrecondition,
            "Secrets in a database are always sealed. To have them as plain text, export the state into a folder: "
                + "clawgrpc export DIR").ToException()
        : ChangeAsync(agents, SealGoal.Plain, cancellation);

    /// <summary>Makes a key active, and wraps the keys of all secrets with it. A repeat finishes what was interrupted.</summary>
    /// <param name="agents">All agents.</param>
    /// <param name="keyId">Empty to finish, else for the key that was never active.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="RefusedException">SEALING_KEY_UNAVAILABLE; nothing was changed.</exception>
    public async Task<int> RotateAsync(IReadOnlyList<Agent> agents, string keyId, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var next = NextOf(agents, keyId);

            // First the choice and then the secrets: from now on new ones have the new key, and the old one opens those that are
            // left.
            if (next != keys.Now.State.Active || keys.Now.Active is null)
                await keys.ActivateAsync(next, cancellation);
            return await ChangeAsync(agents, SealGoal.ActiveKey, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private string NextOf(IReadOnlyList<Agent> agents, string keyId)
    {
        var ring = keys.Now;
        var usable = ring.Loaded.Select(each => each.Key?.Id).OfType<string>().Distinct().ToList();
        if (keyId.Length > 0)
        {
            return usable.Contains(keyId) ? keyId : throw NoKey(
                $"There is no key {keyId} that can be used. See: claw secrets status.");
        }

        var isUnfinished = ring.Active is { } active && agents.SelectMany(agent => agent.Profiles.Own.Secrets)
            .Any(secret => secret is { KeyId: not null, Problem: null } && secret.KeyId != active.Id);
        if (isUnfinished)
            return ring.Active!.Id;
        var others = usable.Where(id => id != ring.State.Active && !ring.State.Earlier.Contains(id)).ToList();
        return others switch
        {
            [var only] => only,
            [] => throw NoKey("There is no other key. Add its file to clawgrpc.seal.otherKeys first, or name one that was "
                + "active before: claw secrets rotate --key ID."),
            _ => throw NoKey("There are several other keys. Name one: claw secrets rotate --key ID."),
        };
    }

    private static async Task<int> ChangeAsync(IReadOnlyList<Agent> agents, SealGoal goal, CancellationToken cancellation)
    {
        var changed = 0;
        foreach (var agent in agents)
        {
            if (agents.Count > 1 && agent.Profiles.OwnProblem is not null)
                continue;
            var before = agent.Profiles.ReadableOwn.Secrets.ToLookup(secret => secret.Place, secret => secret.KeyId);
            var after = await agent.SealAsync(goal, cancellation);
            changed += after.Secrets.Count(
                secret => before.Contains(secret.Place) && before[secret.Place].First() != secret.KeyId);
        }

        return changed;
    }

    private static RefusedException NoKey(string message) => new Refusal(
        RefusalReason.SealingKeyUnavailable, RefusalCode.FailedPrecondition, message).ToException();
}
