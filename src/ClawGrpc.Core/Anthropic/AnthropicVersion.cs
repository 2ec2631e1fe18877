namespace ClawGrpc.Core.Anthropic;

/// <summary>The <c>anthropic-version</c> of a request (anthropic-api.md, section 1.1).</summary>
internal static class AnthropicVersion
{
    /// <summary>What is sent when neither call nor configuration names one.</summary>
    public const string Default = "2023-06-01";

    /// <summary>The first version without sampling fields.</summary>
    public const string WithoutSampling = "2026-10-21";

    /// <summary>
    /// Whether the version is <see cref="WithoutSampling"/> or a later one: versions are dates and rules are not taken back.
    /// </summary>
    internal static bool IsWithoutSampling(string version) => string.CompareOrdinal(version, WithoutSampling) >= 0;
}
