using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>The profiles of one agent at one moment. Immutable.</summary>
/// <param name="Own">Its own; empty if they cannot be read.</param>
/// <param name="Effective">Its own, with the API keys that it inherits from the main agent.</param>
/// <param name="OwnProblem">Why its own cannot be read; null if they can.</param>
/// <param name="Problem">Why some of the effective ones cannot be read; null if all can.</param>
internal sealed record AgentProfiles(
    ProfileStore Own, ProfileStore Effective, StateUnreadableException? OwnProblem, StateUnreadableException? Problem)
{
    public static readonly AgentProfiles Empty = new(ProfileStore.Empty, ProfileStore.Empty, null, null);

    /// <summary>Its own.</summary>
    /// <exception cref="StateUnreadableException">They cannot be read.</exception>
    public ProfileStore ReadableOwn => OwnProblem is null ? Own : throw OwnProblem;

    /// <summary>Its own, with the API keys that it inherits.</summary>
    /// <exception cref="StateUnreadableException">Some of them cannot be read.</exception>
    public ProfileStore Readable => Problem is null ? Effective : throw Problem;
}
