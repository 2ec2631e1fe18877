using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Json5;

namespace ClawGrpc.Cli.Connecting;

/// <summary>What a client of the Messages API needs to know.</summary>
/// <param name="Url">Where it is served, without <c>/v1</c>.</param>
/// <param name="Token">The client's token.</param>
/// <param name="CaFile">The CA of the server, a PEM file; null if the system knows it.</param>
internal sealed record MessagesAccess(string Url, string Token, string? CaFile);

/// <summary>A program that speaks Anthropic's Messages API, and where its settings are.</summary>
/// <param name="Name">As the command calls it; also the name of its client.</param>
/// <param name="Title">As its makers call it.</param>
/// <param name="Hint">What else there is to know; empty if nothing.</param>
/// <param name="FileOf">Its settings' file.</param>
/// <param name="Edit">Settings with the access in them; what else there is stays.</param>
internal sealed partial record MessagesClient(
    string Name, string Title, string Hint, Func<CliEnvironment, string> FileOf, Func<string, MessagesAccess, string> Edit)
{
    private const string BaseUrl = "ANTHROPIC_BASE_URL";
    private const string AuthToken = "ANTHROPIC_AUTH_TOKEN";
    private const string ExtraCa = "NODE_EXTRA_CA_CERTS";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<MessagesClient> All =
    [
        new("claude-code", "Claude Code", "", ClaudeCodeFile, EditClaudeCode),
        new("sdk", "the official SDKs", "The SDKs read these variables. Unset ANTHROPIC_API_KEY where they run.",
            static _ => ".env", EditVariables),
        new("openclaw", "OpenClaw",
            "Profiles of its own for anthropic come before this key: remove them there, or put them into ClawGrpc.",
            OpenClawFile, EditOpenClaw),
    ];

    /// <summary>The id of the first ClawGrpc token in settings; null if there is none.</summary>
    public static string? TokenIdIn(string settings) => TokenPattern.Match(settings) is { Success: true } match
        ? match.Groups[1].Value
        : null;

    [GeneratedRegex(Secrets.TokenPrefix + "([a-z2-7]{12})_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")]
    private static partial Regex TokenPattern { get; }

    private static string ClaudeCodeFile(CliEnvironment environment) => Path.Join(
        Given(environment, "CLAUDE_CONFIG_DIR") ?? Path.Join(environment.Variable("HOME"), ".claude"), "settings.json");

    // As OpenClaw finds it (openclaw-spec.md, section 1).
    private static string OpenClawFile(CliEnvironment environment) => Given(environment, "OPENCLAW_CONFIG_PATH")
        ?? Path.Join(
            Given(environment, "OPENCLAW_STATE_DIR") ?? Path.Join(environment.Variable("HOME"), ".openclaw"), "openclaw.json");

    private static string? Given(CliEnvironment environment, string name) =>
        environment.Variable(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static string EditClaudeCode(string settings, MessagesAccess access)
    {
        var edited = Parse(settings)
            .SetValue(["env", BaseUrl], access.Url)
            .SetValue(["env", AuthToken], access.Token);
        return Text(access.CaFile is { } ca ? edited.SetValue(["env", ExtraCa], ca) : edited);
    }

    private static string EditOpenClaw(string settings, MessagesAccess access)
    {
        var edited = Parse(settings)
            .SetValue(["models", "providers", "anthropic", "baseUrl"], access.Url)
            .SetValue(["models", "providers", "anthropic", "apiKey"], access.Token)
            .SetValue(["models", "providers", "anthropic", "api"], "anthropic-messages");

        // OpenClaw takes no provider without this list; an empty one leaves the models that it knows.
        return Text(edited.Find("models", "providers", "anthropic", "models") is null
            ? edited.SetValue(["models", "providers", "anthropic", "models"], new JsonArray())
            : edited);
    }

    private static string EditVariables(string settings, MessagesAccess access)
    {
        var lines = settings.Length == 0 ? [] : settings.TrimEnd('\n').Split('\n').ToList();
        Set(BaseUrl, access.Url);
        Set(AuthToken, access.Token);
        if (access.CaFile is { } ca)
            Set(ExtraCa, ca);
        return string.Join('\n', lines) + "\n";

        void Set(string name, string value)
        {
            var found = lines.FindLastIndex(line => NameOf(line) == name);
            if (found < 0)
                lines.Add($"{name}={value}");
            else
                lines[found] = $"{lines[found][..(lines[found].IndexOf('=') + 1)]}{value}";
        }
    }

    private static string NameOf(string line)
    {
        var name = line.Split('=')[0].Trim();
        return name.StartsWith("export ", StringComparison.Ordinal) ? name["export ".Length..].Trim() : name;
    }

    private static Json5Document Parse(string settings) =>
        Json5Document.Parse(string.IsNullOrWhiteSpace(settings) ? "{}" : settings);

    private static string Text(Json5Document edited) => edited.Text.EndsWith('\n') ? edited.Text : edited.Text + "\n";
}
