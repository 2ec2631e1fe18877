using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>The section <c>agents</c> (openclaw-spec.md, section 2.2).</summary>
internal sealed record AgentsConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static readonly AgentsConfiguration None = new();

    /// <summary><c>agents.defaults.model</c>: the model of agents without one of their own.</summary>
    public ModelChoice Model { get; init; } = ModelChoice.None;

    /// <summary><c>agents.defaults.imageModel</c>.</summary>
    public ModelChoice ImageModel { get; init; } = ModelChoice.None;

    /// <summary>
    /// <c>agents.defaults.models</c> in the order of the file; unless empty, the list of models that are allowed.
    /// </summary>
    public ImmutableArray<ModelEntry> Models { get; init; } = [];

    /// <summary><c>agents.list</c> in the order of the file, or <c>agents.entries</c> of OpenClaw 2026.9.</summary>
    public ImmutableArray<AgentEntry> List { get; init; } = [];

    /// <summary>What is configured for an agent; null if there is nothing.</summary>
    /// <param name="agentId">Compared without case, as OpenClaw does.</param>
    public AgentEntry? Find(string agentId) =>
        List.FirstOrDefault(agent => string.Equals(agent.Id, agentId, StringComparison.OrdinalIgnoreCase));

    /// <summary>The models of an agent: its own, else the defaults.</summary>
    public ModelChoice ModelOf(string agentId) => (Find(agentId)?.Model ?? ModelChoice.None).Over(Model);

    /// <summary>The parameters of an agent with a model: the agent's before the model's.</summary>
    /// <param name="model">As <c>provider/model</c>, compared exactly, as OpenClaw does.</param>
    public ModelParameters ParametersOf(string agentId, string model) => (Find(agentId)?.Parameters ?? ModelParameters.None)
        .Over(Models.FirstOrDefault(entry => entry.Key == model)?.Parameters ?? ModelParameters.None);

    // The models that are allowed: what is wrong with the list must not allow all.
    private static ImmutableArray<ModelEntry> ModelsOf(Fields defaults) =>
        defaults.Find("models")?.IsRefusedUnless<Json5Object>("record") == true
            ? []
            : defaults.Map("models", (key, field) => field.Section() is { } entry
                ? ModelEntry.Read(key, entry)
                : new ModelEntry(key, null, ModelParameters.None));

    internal static AgentsConfiguration Read(Fields agents)
    {
        var read = None;
        if (agents.Section("defaults") is { } defaults)
        {
            // Ignores the other defaults: they are OpenClaw's and differ by generation.
            read = read with
            {
                Model = ModelChoice.Read(defaults.Find("model")),
                ImageModel = ModelChoice.Read(defaults.Find("imageModel")),
                Models = ModelsOf(defaults),
            };
        }

        var list = agents.Find("list")?.Items()?.Select(agent => agent.Section()).OfType<Fields>()
            .Select(agent => AgentEntry.Read(agent.RequiredText("id"), agent)).OfType<AgentEntry>().ToList() ?? [];
        var entries = agents.Sections("entries", AgentEntry.Read);
        agents.Ignore("ownership");
        agents.RefuseOthers();
        return read with { List = [.. list, .. entries] };
    }
}
