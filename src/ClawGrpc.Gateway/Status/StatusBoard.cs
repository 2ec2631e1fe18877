using System.Collections.Concurrent;
using ClawGrpc.Gateway.Agents;

namespace ClawGrpc.Gateway.Status;

/// <summary>
/// Owns the status of all agents: one snapshot for each agent and revision, rendered when it is first looked at and shared by all
/// who look. Only texts that count down make it render a revision again, once they are out of date.
/// </summary>
internal sealed class StatusBoard(StatusReport report, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>The status of the agent's current revision.</summary>
    /// <exception cref="Stores.StateUnreadableException">The agent's file cannot be read.</exception>
    public AgentStatus Of(Agent agent)
    {
        var slot = _slots.GetOrAdd(agent.Id, static _ => new Slot());
        if (slot.Latest is { } latest && IsCurrent(latest, agent))
            return latest;

        // Of many who look at a new revision at once, one renders it.
        lock (slot.Gate)
        {
            if (slot.Latest is not { } rendered || !IsCurrent(rendered, agent))
                slot.Latest = rendered = report.Of(agent, agent.Feed.Current);
            return rendered;
        }
    }

    private bool IsCurrent(AgentStatus status, Agent agent)
    {
        var now = time.GetUtcNow();
        return status.Revision == agent.Feed.Current.Number && now >= status.FreshFrom && now <= status.FreshUntil;
    }

    private sealed class Slot
    {
        private volatile AgentStatus? _latest;

        public Lock Gate { get; } = new();

        public AgentStatus? Latest
        {
            get => _latest;
            set => _latest = value;
        }
    }
}
