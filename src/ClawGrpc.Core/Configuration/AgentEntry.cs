namespace ClawGrpc.Core.Configuration;

/// <summary>An agent of <c>agents.list</c> (openclaw-spec.md, section 2.2).</summary>
/// <param name="Id">As the file names it.</param>
public sealed record AgentEntry(string Id)
{
    /// <summary>Whether it is the one to use when none is named.</summary>
    public bool IsDefault { get; init; }

    /// <summary>For people; null: none.</summary>
    public string? Name { get; init; }

    /// <summary>Where its files are; null: the folder of its id.</summary>
    public string? AgentDir { get; init; }

    /// <summary>Its models.</summary>
    public ModelChoice Model { get; init; } = ModelChoice.None;

    /// <summary>Its parameters, which count more than the model's.</summary>
    public ModelParameters Parameters { get; init; } = ModelParameters.None;

    // What OpenClaw, in any generation, keeps here for itself.
    private static readonly string[] OpenClawOnly =
    [
        "workspace", "skills", "memorySearch", "humanDelay", "heartbeat", "identity", "groupChat", "subagents", "sandbox", "tools",
        "description", "cwd", "utilityModel", "decisionModel", "models", "modelPolicy", "thinkingDefault", "verboseDefault",
        "toolProgressDetail", "reasoningDefault", "fastModeDefault", "contextInjection", "bootstrapMaxChars", "bootstrapTotalMaxChars",
        "experimental", "embeddedAgent", "runtime", "memory", "typingMode", "tts", "skillsLimits", "contextLimits",
    ];

    internal static AgentEntry? Read(string? id, Fields agent)
    {
        var read = new AgentEntry(id ?? "")
        {
            IsDefault = agent.Flag("default") ?? false,
            Name = agent.Text("name"),
            AgentDir = agent.Text("agentDir"),
            Model = ModelChoice.Read(agent.Find("model")),
            Parameters = ModelParameters.Read(agent.Find("params")),
        };
        agent.Ignore(OpenClawOnly);
        agent.RefuseOthers();
        return id is null ? null : read;
    }
}
