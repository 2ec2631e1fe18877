using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Reads a configuration file: JSON5 with <c>$include</c> and <c>${VAR}</c> (openclaw-spec.md, sections 1.1, 1.2 and 2).
/// </summary>
internal static class ConfigurationReader
{
    // Sections of any generation of OpenClaw, so that its folders are accepted. Not the sections that only Clawdbot had before
    // 2026 (agent, routing, telegram, …): none of the programs accepts those any more.
    private static readonly string[] OpenClawOnly =
    [
        "$schema", "accessGroups", "acp", "approvals", "attachments", "audio", "bindings", "broadcast", "browser", "canvasHost",
        "channels", "cli", "cloudWorkers", "commands", "crestodian", "cron", "desktop", "diagnostics", "discovery", "gateway",
        "hooks",
        "logging", "mcp", "media", "memory", "messages", "meta", "nodeHost", "plugins", "proxy", "security", "session",
        "skills", "surfaces", "talk", "telemetry", "tools", "transcripts", "tts", "ui", "update", "web", "wizard",
        "worktreeAcceleration", "worktreeRoot",
    ];

    private static readonly string[] Theirs = ["openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];

    /// <summary>
    /// Whether a file is the configuration of OpenClaw or of a program before it. What they include is theirs too.
    /// </summary>
    public static bool IsOfPrograms(string path) => Theirs.Contains(path[(path.LastIndexOf('/') + 1)..]);

    /// <summary>Reads the configuration, and everything that it includes.</summary>
    /// <param name="path">The file, absolute. Included files are looked for beside it.</param>
    /// <param name="readFile">The text of a file by its path; null when there is no such file.</param>
    /// <param name="environment">The value of a variable of the process by its name; null when it is unset.</param>
    public static ConfigurationOutcome Read(string path, Func<string, string?> readFile, Func<string, string?> environment)
    {
        var reading = new Reading(readFile, environment);
        if (IsOfPrograms(path))
            reading.NoteTheirs(path);
        var configuration = ClawConfiguration.None;
        try
        {
            if (reading.ReadFile(path) is { } text)
                configuration = Read(reading, Json5Document.Parse(text, path));
        }
        catch (Json5Exception syntax)
        {
            reading.Refuse(syntax);
        }

        return reading.Errors is { IsEmpty: false } errors
            ? new ConfigurationOutcome.Rejected(errors, reading.Files)
            : new ConfigurationOutcome.Accepted(configuration, reading.Warnings, reading.Files);
    }

    private static ClawConfiguration Read(Reading reading, Json5Document document)
    {
        var expanded = new Includes(reading).ExpandRoot(document.Root, key => !OpenClawOnly.Contains(key));
        if (new Field(reading, expanded, KeyPath.Root).IsRefusedUnless<Json5Object>("object")
            || Fields.Of(reading, expanded, KeyPath.Root) is not { } root)
        {
            return ClawConfiguration.None;
        }

        // Reads the variables first, since everything else may refer to them (as in openclaw-cn and OpenClaw).
        reading.Env = root.Section("env") is { } env ? EnvConfiguration.Read(env) : EnvConfiguration.None;
        var configuration = new ClawConfiguration
        {
            FileExists = true,
            Env = reading.Env,
            WrittenBy = root.Section("meta")?.Text("lastTouchedVersion"),
            Auth = root.Section("auth") is { } auth ? AuthConfiguration.Read(auth) : AuthConfiguration.None,
            Models = root.Find("models")?.IsRefusedUnless<Json5Object>("object") == false
                ? ModelsConfiguration.Read(root.Section("models")!)
                : ModelsConfiguration.None,
            Secrets = root.Section("secrets") is { } secrets ? SecretsConfiguration.Read(secrets) : SecretsConfiguration.None,
            Agents = root.Section("agents") is { } agents ? AgentsConfiguration.Read(agents) : AgentsConfiguration.None,
            Service = root.Section("clawgrpc") is { } service ? ServiceConfiguration.Read(service) : ServiceConfiguration.Default,
        };
        root.Ignore(OpenClawOnly);
        root.RefuseOthers();
        return configuration;
    }
}
