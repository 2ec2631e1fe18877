using System.Text;

namespace ClawGrpc.Core.Configuration;

/// <summary>An agent of <c>agents.list</c> (openclaw-spec.md, section 2.2).</summary>
/// <param name="Id">As <see cref="IdOf"/> has it.</param>
internal sealed record AgentEntry(string Id)
{
    /// <summary>Whether it is the one to use when none is named.</summary>
    public bool IsDefault { get; init; }

    /// <summary>A display name; null if there is none.</summary>
    public string? Name { get; init; }

    /// <summary>Where its files are; null for the folder of its id.</summary>
    public string? AgentDir { get; init; }

    /// <summary>Its models.</summary>
    public ModelChoice Model { get; init; } = ModelChoice.None;

    /// <summary>Its parameters, which count more than the model's.</summary>
    public ModelParameters Parameters { get; init; } = ModelParameters.None;

    private const int MaxLength = 64;

    // Keys of any generation of OpenClaw that ClawGrpc ignores.
    private static readonly string[] OpenClawOnly =
    [
        "workspace", "skills", "memorySearch", "humanDelay", "heartbeat", "identity", "groupChat", "subagents", "sandbox",
        "tools",
        "description", "cwd", "utilityModel", "decisionModel", "models", "modelPolicy", "thinkingDefault", "verboseDefault",
        "toolProgressDetail", "reasoningDefault", "fastModeDefault", "contextInjection", "bootstrapMaxChars",
        "bootstrapTotalMaxChars",
        "experimental", "embeddedAgent", "runtime", "memory", "typingMode", "tts", "skillsLimits", "contextLimits",
    ];

    /// <summary>
    /// Normalizes a name like OpenClaw: lower case, and one dash for each run of characters that do not belong in a folder name;
    /// <c>main</c> if nothing is left.
    /// </summary>
    /// <param name="name">Such as <c>Work</c> or <c>My agent</c>.</param>
    public static string IdOf(string name)
    {
        var small = name.Trim().ToLowerInvariant();
        if (IsPlain(small))
            return small;
        var dashed = new StringBuilder();
        foreach (var character in small)
        {
            if (IsOfIds(character))
                dashed.Append(character);
            else if (dashed.Length == 0 || dashed[^1] != '-')
                dashed.Append('-');
        }

        var id = dashed.ToString().Trim('-');
        return id.Length == 0 ? "main" : id[..Math.Min(id.Length, MaxLength)];
    }

    private static bool IsPlain(string id) =>
        id.Length is > 0 and <= MaxLength && char.IsAsciiLetterOrDigit(id[0]) && id.All(IsOfIds);

    private static bool IsOfIds(char character) => char.IsAsciiLetterOrDigit(character) || character is '_' or '-';

    internal static AgentEntry? Read(string? id, Fields agent)
    {
        var read = new AgentEntry(IdOf(id ?? ""))
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
