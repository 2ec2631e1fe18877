using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>The rules for <c>cache_control</c> (anthropic-api.md 1.4).</summary>
internal static class Breakpoints
{
    private const int Maximum = 4;

    public static string? Check(JsonElement body, ModelEntry model)
    {
        var explicitBlocks = Prompt.Explicit(body);
        var marked = explicitBlocks.Where(block => block.Ttl is not null).ToList();
        return marked.Select(CheckBlock).FirstOrDefault(error => error is not null)
            ?? (marked.Count > Maximum ? TooMany(marked.Count) : null)
            ?? CheckAutomatic(body, explicitBlocks, marked.Count)
            ?? CheckOrder([.. Prompt.Of(body).Where(block => block.Ttl is not null)]);
    }

    private static string? CheckBlock(PromptBlock block)
    {
        var control = block.Element.Get("cache_control");
        var type = block.Element.GetText("type");
        return control is null ? null
            : control?.GetText("type") != "ephemeral" ? $"{block.Path}.cache_control.type: Input should be 'ephemeral'"
            : control?.GetText("ttl") is not (null or "5m" or "1h")
                ? $"{block.Path}.cache_control.ephemeral.ttl: Input should be '5m' or '1h'"
            : type is "thinking" or "redacted_thinking" ? $"{block.Path}.{type}.cache_control: Extra inputs are not permitted"
            : block.Element.GetText("text") is "" ? $"{block.Path}.text: cache_control cannot be set for empty text blocks"
            : null;
    }

    private static string? CheckAutomatic(JsonElement body, List<PromptBlock> blocks, int marked)
    {
        if (body.Get("cache_control") is not { } control)
        {
            return null;
        }

        var last = blocks.FindLast(block => block.IsCacheable);
        // The text of the second refusal is not recorded anywhere.
        return last?.Ttl is null ? marked + 1 > Maximum ? TooMany(marked + 1) : null
            : last.Ttl == Prompt.TtlOf(control) ? null
            : $"cache_control.ttl: the last block already has a cache_control with another ttl ({last.Path})";
    }

    private static string? CheckOrder(IReadOnlyList<PromptBlock> marked)
    {
        var hasShort = false;
        foreach (var block in marked)
        {
            if (block.Ttl == CacheTtl.OneHour && hasShort)
            {
                return $"{block.Path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
                    + "cache_control block. Note that blocks are processed in the following order: "
                    + "`tools`, `system`, `messages`.";
            }

            hasShort |= block.Ttl == CacheTtl.FiveMinutes;
        }

        return null;
    }

    private static string TooMany(int found) =>
        $"A maximum of {Maximum} blocks with cache_control may be provided. Found {found}.";
}
