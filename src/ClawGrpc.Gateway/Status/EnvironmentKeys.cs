using ClawGrpc.Core;

namespace ClawGrpc.Gateway.Status;

/// <summary>
/// OpenClaw's table of environment variables that hold a provider's key. ClawGrpc serves Anthropic; of the others a status says
/// only whether a variable is set.
/// </summary>
internal static class EnvironmentKeys
{
    /// <summary>Looked for in any case.</summary>
    public static readonly (string Provider, string Variable)[] Always =
    [
        ("anthropic", "ANTHROPIC_OAUTH_TOKEN"), ("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY"),
        ("github-copilot", "COPILOT_GITHUB_TOKEN"), ("github-copilot", "GH_TOKEN"), ("github-copilot", "GITHUB_TOKEN"),
        ("google", "GEMINI_API_KEY"), ("groq", "GROQ_API_KEY"), ("cerebras", "CEREBRAS_API_KEY"), ("xai", "XAI_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"), ("zai", "ZAI_API_KEY"), ("zai", "Z_AI_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"), ("synthetic", "SYNTHETIC_API_KEY"),
    ];

    // Looked for when something else names their provider.
    private static readonly (string Provider, string Variable)[] WhenNamed =
    [
        ("opencode", "OPENCODE_API_KEY"), ("opencode", "OPENCODE_ZEN_API_KEY"), ("moonshot", "MOONSHOT_API_KEY"),
        ("minimax", "MINIMAX_API_KEY"), ("minimax-portal", "MINIMAX_OAUTH_TOKEN"), ("minimax-portal", "MINIMAX_API_KEY"),
        ("kimi-coding", "KIMI_API_KEY"), ("kimi-coding", "KIMICODE_API_KEY"), ("venice", "VENICE_API_KEY"),
        ("vercel-ai-gateway", "AI_GATEWAY_API_KEY"), ("cloudflare-ai-gateway", "CLOUDFLARE_AI_GATEWAY_API_KEY"),
        ("ollama", "OLLAMA_API_KEY"), ("chutes", "CHUTES_OAUTH_TOKEN"), ("chutes", "CHUTES_API_KEY"),
        ("qwen-portal", "QWEN_OAUTH_TOKEN"), ("qwen-portal", "QWEN_PORTAL_API_KEY"), ("deepgram", "DEEPGRAM_API_KEY"),
        ("voyage", "VOYAGE_API_KEY"), ("xiaomi", "XIAOMI_API_KEY"), ("qianfan", "QIANFAN_API_KEY"),
    ];

    private static readonly string[] ShellSwitches = ["OPENCLAW_LOAD_SHELL_ENV", "CLAWDBOT_LOAD_SHELL_ENV"];

    /// <summary>Whether the environment tells the programs to ask the login shell for keys.</summary>
    public static bool AsksShell => ShellSwitches.Any(variable =>
        Environment.GetEnvironmentVariable(variable)?.Trim().ToLowerInvariant() is "1" or "true" or "yes" or "on");

    /// <summary>The variables of a provider, in the order in which they count.</summary>
    public static IEnumerable<string> Of(string provider) =>
        Always.Concat(WhenNamed).Where(each => each.Provider == Provider.Normalize(provider)).Select(each => each.Variable);

    /// <summary>Whether a variable holds an OAuth token, not an API key.</summary>
    public static bool IsLogin(string variable) => variable.EndsWith("OAUTH_TOKEN", StringComparison.Ordinal);
}
