using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>The prompt of a request as a row of blocks, which counting, validation and the cache all look at.</summary>
internal static class Prompt
{
    // What invalidates a level of the prefix although it is no block of it (anthropic-api.md 1.4).
    private static readonly string[] SystemSettings = ["speed"];
    private static readonly string[] MessageSettings = ["speed", "tool_choice", "thinking", "output_config"];

    /// <summary>The blocks; automatic caching (a top-level <c>cache_control</c>) has put its breakpoint on one of them.</summary>
    public static IReadOnlyList<PromptBlock> Of(JsonElement body)
    {
        var blocks = Explicit(body);
        if (body.Get("cache_control") is { } control)
        {
            var last = blocks.FindLastIndex(block => block.IsCacheable);
            if (last >= 0)
            {
                blocks[last] = blocks[last] with { Ttl = blocks[last].Ttl ?? TtlOf(control) };
            }
        }

        return blocks;
    }

    /// <summary>The blocks with only the breakpoints that the caller set on them.</summary>
    public static List<PromptBlock> Explicit(JsonElement body)
    {
        var blocks = new List<PromptBlock>();
        Add(blocks, body.GetItems("tools"), "tools", "tool", [], 0);
        Add(blocks, Content(body, "system"), "system", "system", Settings(body, SystemSettings), 0);
        var number = 0;
        foreach (var message in body.GetItems("messages"))
        {
            var settings = number == 0 ? Settings(body, MessageSettings) : [];
            var role = message.GetText("role") ?? "";
            Add(blocks, Content(message, "content"), $"messages.{number}.content", role, settings, Tokens.PerMessage);
            number++;
        }

        return blocks;
    }

    public static int CountTokens(IEnumerable<PromptBlock> blocks) => blocks.Sum(block => block.Tokens);

    public static CacheTtl TtlOf(JsonElement cacheControl) =>
        cacheControl.GetText("ttl") == "1h" ? CacheTtl.OneHour : CacheTtl.FiveMinutes;

    private static void Add(
        List<PromptBlock> blocks, IEnumerable<JsonElement> elements, string path, string role, byte[] settings, int overhead)
    {
        var number = 0;
        foreach (var element in elements)
        {
            var json = CanonicalJson.Of(element);
            byte[] canonical = [.. number == 0 ? settings : [], .. System.Text.Encoding.UTF8.GetBytes(role), .. json];
            var tokens = Tokens.OfBlock(element, json.Length) + (number == 0 ? overhead : 0);
            blocks.Add(new($"{path}.{number}", element, canonical, tokens, Breakpoint(element)));
            number++;
        }
    }

    // The blocks inside a tool result may carry the breakpoint too; the position is the result's.
    private static CacheTtl? Breakpoint(JsonElement element)
    {
        var inner = element.GetItems("content").Select(block => block.Get("cache_control"));
        var control = element.Get("cache_control") ?? inner.FirstOrDefault(nested => nested is not null);
        return control is { } found ? TtlOf(found) : null;
    }

    // A plain string is the same prompt as one text block.
    private static IEnumerable<JsonElement> Content(JsonElement owner, string name) => owner.GetText(name) is { } text
        ? [JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["type"] = "text", ["text"] = text })]
        : owner.GetItems(name);

    private static byte[] Settings(JsonElement body, string[] names) =>
        [.. names.Select(name => body.Get(name)).OfType<JsonElement>().SelectMany(CanonicalJson.Of)];
}
