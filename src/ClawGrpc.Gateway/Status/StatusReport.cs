using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Status;

/// <summary>
/// Renders what callers may know of an agent (openclaw-spec.md, section 7.3). Reads the state once and changes nothing.
/// </summary>
internal sealed class StatusReport(
    LiveConfiguration configuration, AgentSetups setups, AuthReport auth, ProfileReport profiles, AuditLog audit,
    IStateStore store, TimeProvider time)
{
    // A folder of a much newer program may have any number of unknown members.
    private const int MostWarnings = 100;

    /// <summary>The agent's state now.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="revision">
    /// Read before the call: the content may then be newer than its number, and comes again, but never older.
    /// </param>
    /// <exception cref="StateUnreadableException">The agent's file cannot be read.</exception>
    public AgentStatus Of(Agent agent, StatusFeed.Revision revision)
    {
        var stored = agent.Profiles.Readable;
        var setup = setups.Of(agent.Id);
        var now = time.GetUtcNow();
        var reported = auth.Of(agent, stored, setup, now);
        return new AgentStatus
        {
            AgentId = agent.Id,
            Revision = revision.Number,
            Changed = revision.ChangeTime,
            FreshFrom = now,
            FreshUntil = FreshUntil(reported, now),
            ConfigPath = configuration.EditedPlace,
            AgentDir = agent.Directory,
            Models = setup.Models,
            Auth = reported,
            Mails = profiles.MailsOf(stored),
            ConfigurationErrors = configuration.Current.Errors,
            ConfigurationWarnings = [.. OfStore(), .. OfAudit(), .. configuration.Current.Warnings.Take(MostWarnings)],
            Usage = agent.Usage.Total(),
            ModelUsages = [.. agent.Usage.ByModel()],
        };
    }

    private IEnumerable<ConfigurationError> OfStore() =>
        store.Problems.Select(problem => new ConfigurationError("", 0, 0, "", problem));

    private IEnumerable<ConfigurationError> OfAudit() => audit.Problem is { } problem
        ? [new ConfigurationError(
            audit.Path, 0, 0, "", $"The audit cannot be written, so credentials and clients cannot be changed: {problem}")]
        : [];

    // The end of a cooldown is a revision of its own; until then only its remaining time changes.
    private static DateTimeOffset FreshUntil(AuthStatus auth, DateTimeOffset now) => auth.UnusableProfiles
        .Select(unusable => unusable.Aside.Until).Where(until => until < ProfileHealth.Never)
        .Select(until => now + ShortDuration.HoldsFor(until - now)).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
}
