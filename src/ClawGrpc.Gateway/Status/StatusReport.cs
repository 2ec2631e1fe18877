using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Gateway.Agents.Agent;
using ConfigurationError = ClawGrpc.V1.ConfigurationError;

namespace ClawGrpc.Gateway.Status;

/// <summary>Says what callers may know of an agent (openclaw-spec.md, section 7.3). Reads the state once and changes nothing.</summary>
internal sealed class StatusReport(LiveConfiguration configuration, AgentSetups setups, AuthReport auth, TimeProvider time)
{
    /// <summary>The status now.</summary>
    /// <exception cref="Stores.StateUnreadableException">The agent's file cannot be read.</exception>
    public AgentStatus Of(Agent agent)
    {
        // The revision first: what is told may be newer than it says, and is then told again, but never older.
        var revision = agent.Feed.Look().Current;
        var store = agent.Store;
        var setup = setups.Of(agent.Id);
        var models = setup.Models;
        var status = new AgentStatus
        {
            AgentId = agent.Id,
            Revision = revision.Number,
            ChangeTime = Timestamp.FromDateTimeOffset(revision.ChangeTime),
            ConfigPath = configuration.EditedPath,
            AgentDir = agent.Directory,
            DefaultModel = models.DefaultText,
            ResolvedDefault = models.Default.Key,
            ImageModel = models.ImageText ?? "",
            Auth = auth.Of(agent, store, setup, time.GetUtcNow()),
            Usage = UsageMapping.ToSummary(agent.Usage.Total()),
            OwnDefaultModel = models.OwnDefault,
            OwnFallbacks = models.OwnFallbacks,
        };
        status.Fallbacks.AddRange(models.FallbackTexts);
        status.ImageFallbacks.AddRange(models.ImageFallbackTexts);
        status.ModelUsages.AddRange(agent.Usage.ByModel().Select(model => new ModelUsage { Model = model.Model, Usage = UsageMapping.ToSummary(model.Sum) }));
        status.AllowedModels.AddRange(models.Shown);
        foreach (var (alias, key) in models.Aliases.Entries)
            status.Aliases[alias] = key;
        status.ConfigurationErrors.AddRange(configuration.Current.Errors.Select(error => new ConfigurationError
        {
            Path = error.File,
            Line = error.Line,
            Column = error.Column,
            KeyPath = error.KeyPath,
            Reason = error.Reason,
        }));
        return status;
    }
}
