using System.Collections.Immutable;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// The program whose rules hold for a state folder (openclaw-spec.md, sections 8 and 9): they differ in details of status and
/// selection.
/// </summary>
internal sealed record Generation
{
    /// <summary>Clawdbot 2026.1.</summary>
    public static readonly Generation Clawdbot = new()
    {
        Name = "clawdbot",
        SharesClaudeLogin = true,
        DefaultRetention = null,
        OwnVariablesCount = false,
    };

    /// <summary>Moltbot.</summary>
    public static readonly Generation Moltbot = new() { Name = "moltbot", DefaultRetention = null };

    /// <summary>openclaw-cn 2026.1.</summary>
    public static readonly Generation OpenClawCn = new() { Name = "openclaw-cn", SharesClaudeLogin = true };

    /// <summary>OpenClaw 2026.1.</summary>
    public static readonly Generation OpenClaw20261 = new() { Name = "openclaw-2026.1" };

    /// <summary>OpenClaw from 2026.2 on.</summary>
    public static readonly Generation OpenClaw = new()
    {
        Name = "openclaw",
        DefaultModel = "anthropic/claude-opus-4-6",
        Aliases = ModelAliases.OpenClaw20262,
        RefreshableIsOk = true,
    };

    /// <summary>Folders of ClawGrpc's own: OpenClaw's rules, but API keys serve first.</summary>
    public static readonly Generation Own = OpenClaw with { Name = "clawgrpc", Rank = CredentialRank.KeysFirst };

    private static readonly ImmutableArray<Generation> All = [Clawdbot, Moltbot, OpenClawCn, OpenClaw20261, OpenClaw, Own];

    /// <summary>As <c>CLAWGRPC_GENERATION</c> has it.</summary>
    public required string Name { get; init; }

    /// <summary>The model of agents for which none is configured, as <c>provider/model</c>.</summary>
    public string DefaultModel { get; init; } = "anthropic/claude-opus-4-5";

    /// <summary>The names of models that are listed without one.</summary>
    public ImmutableArray<(string Alias, string Key)> Aliases { get; init; } = ModelAliases.OpenClaw20261;

    /// <summary>
    /// Whether the status of a refreshable OAuth login is ok even if its access token expires (section 7.3).
    /// </summary>
    public bool RefreshableIsOk { get; init; }

    /// <summary>Whether the main agent has the login of the Claude CLI without onboarding it (section 3.5).</summary>
    public bool SharesClaudeLogin { get; init; }

    /// <summary>Which kind of credential is tried first where no order is set.</summary>
    public CredentialRank Rank { get; init; } = CredentialRank.LoginsFirst;

    /// <summary>Whether variables of the configuration's own decide on implicit models (section 2.5).</summary>
    public bool OwnVariablesCount { get; init; } = true;

    /// <summary>The retention of API keys when nothing is configured; null for plain breakpoints (section 0).</summary>
    public Retention? DefaultRetention { get; init; } = Retention.Short;

    /// <summary>All names, for messages.</summary>
    public static string Names => string.Join(", ", All.Select(generation => generation.Name));

    /// <summary>The generation of a name; null if there is none.</summary>
    /// <param name="name">Such as <c>openclaw-cn</c>.</param>
    public static Generation? Find(string name)
    {
        return All.FirstOrDefault(generation => generation.Name == name.Trim());
    }

    /// <summary>The generation of a folder, as far as it can be seen.</summary>
    /// <param name="configName">The name of the configuration file, such as <c>clawdbot.json</c>.</param>
    /// <param name="writtenBy"><c>meta.lastTouchedVersion</c>, such as <c>2026.1.29</c>; null if the file does not say.</param>
    public static Generation Of(string configName, string? writtenBy) => configName switch
    {
        "clawdbot.json" => Clawdbot,
        "moltbot.json" or "moldbot.json" => Moltbot,
        "openclaw.json" when writtenBy?.StartsWith("2026.1.", StringComparison.Ordinal) == true => OpenClaw20261,
        "openclaw.json" => OpenClaw,
        _ => Own,
    };
}
