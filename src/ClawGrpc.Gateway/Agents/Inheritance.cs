using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>What an agent has from the main agent besides its own profiles (<c>auth.inheritFromMain</c>).</summary>
/// <param name="main">The main agent; null if the agent inherits nothing.</param>
internal sealed class Inheritance(Func<Agent?> main)
{
    private volatile Merged _last = new(OwnProfiles.Snapshot.Empty, OwnProfiles.Snapshot.Empty, AgentProfiles.Empty);

    /// <summary>The agent's profiles with those that it inherits: the same object as long as both are the same.</summary>
    public AgentProfiles With(OwnProfiles.Snapshot own)
    {
        var inherited = main()?.OwnNow;
        var last = _last;
        if (!ReferenceEquals(last.Own, own) || !ReferenceEquals(last.Inherited, inherited))
            _last = last = new Merged(own, inherited, Merge(own, inherited));
        return last.Result;
    }

    /// <summary>These profiles with those that the agent inherits.</summary>
    /// <exception cref="Stores.StateUnreadableException">The main agent's profiles cannot be read.</exception>
    public ProfileStore With(ProfileStore own) => main()?.OwnNow switch
    {
        null => own,
        { Problem: { } problem } => throw problem,
        { Profiles: var inherited } => own.Over(inherited),
    };

    /// <summary>The main agent if a profile is its own and not the agent's; null otherwise.</summary>
    public Agent? OwnerOf(string profileId, ProfileStore own) =>
        main() is { } owner && own.Find(profileId) is null && owner.OwnNow.Profiles.Find(profileId) is not null ? owner : null;

    private static AgentProfiles Merge(OwnProfiles.Snapshot own, OwnProfiles.Snapshot? inherited) => inherited is null
        ? new AgentProfiles(own.Profiles, own.Profiles, own.Problem, own.Problem)
        : new AgentProfiles(own.Profiles, own.Profiles.Over(inherited.Profiles), own.Problem, own.Problem ?? inherited.Problem);

    private sealed record Merged(OwnProfiles.Snapshot Own, OwnProfiles.Snapshot? Inherited, AgentProfiles Result);
}
