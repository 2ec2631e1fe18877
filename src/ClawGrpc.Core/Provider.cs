namespace ClawGrpc.Core;

/// <summary>Names of providers.</summary>
internal static class Provider
{
    /// <summary>The only provider that ClawGrpc sends requests to.</summary>
    public const string Anthropic = "anthropic";

    /// <summary>The name under which a provider is compared (openclaw-spec.md, section 2.1).</summary>
    /// <param name="provider">As written, not normalized.</param>
    public static string Normalize(string provider) => provider.Trim().ToLowerInvariant() switch
    {
        "z.ai" or "z-ai" => "zai",
        "opencode-zen" => "opencode",
        "qwen" => "qwen-portal",
        "kimi-code" => "kimi-coding",
        var other => other,
    };
}
