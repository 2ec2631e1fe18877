using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>How long a breakpoint asks its prefix to be kept.</summary>
internal enum CacheTtl
{
    FiveMinutes,
    OneHour,
}

/// <summary>One position of the prompt in the order of the prefix: tools, system, messages.</summary>
/// <param name="Path">Where it stands in the body, such as <c>messages.0.content.1</c>.</param>
/// <param name="Element">The tool or content block; undefined for a plain string.</param>
/// <param name="Canonical">What the cache compares: compact JSON without <c>cache_control</c>, and what else invalidates
/// it.</param>
/// <param name="Tokens">Its estimate.</param>
/// <param name="Ttl">The breakpoint on it; null without one.</param>
internal sealed record PromptBlock(string Path, JsonElement Element, byte[] Canonical, int Tokens, CacheTtl? Ttl)
{
    /// <summary>Whether automatic caching may put its breakpoint here: not on thoughts, not on empty text.</summary>
    public bool IsCacheable =>
        Element.GetText("type") is not ("thinking" or "redacted_thinking") && Element.GetText("text") is not "";
}
