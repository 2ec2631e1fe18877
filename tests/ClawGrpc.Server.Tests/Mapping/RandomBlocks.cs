using System.Text;
using System.Text.Json.Nodes;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>
/// Blocks that could come: known types with what they need, or not quite, with unknown members, in any order.
/// </summary>
internal static class RandomBlocks
{
    private static readonly string[] Texts =
        ["text", "title", "context", "thinking", "signature", "data", "id", "name", "tool_use_id", "novel"];

    public static JsonObject Next(Random random, int depth = 0)
    {
        var type = Pick(random, "text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "novel");
        var members = new List<(string Name, JsonNode? Value)> { ("type", type) };
        foreach (var name in Needed(type).Where(_ => random.Next(20) > 0))
            members.Add((name, Value(random, name, depth)));
        foreach (var name in Texts.Where(_ => random.Next(12) == 0))
            members.Add((name, random.Next(4) == 0 ? Any(random) : Value(random, name, depth)));
        if (random.Next(3) == 0)
        {
            var text = Pick(random, """{"type":"ephemeral"}""", """{"type":"ephemeral","ttl":"1h"}""", """{"ttl":""}""", "null");
            members.Add(("cache_control", JsonNode.Parse(text)));
        }
        if (random.Next(4) == 0)
            members.Add((Pick(random, "citations", "is_error", "caller"), Any(random)));
        var block = new JsonObject();
        foreach (var (name, value) in members.OrderBy(_ => random.Next()))
        {
            if (!block.ContainsKey(name))
                block.Add(name, value);
        }

        return block;
    }

    private static string[] Needed(string type) => type switch
    {
        "text" => ["text"],
        "image" => ["source"],
        "document" => ["source", "title"],
        "tool_use" => ["id", "name", "input"],
        "tool_result" => ["tool_use_id", "content", "is_error"],
        "thinking" => ["thinking", "signature"],
        "redacted_thinking" => ["data"],
        _ => [],
    };

    private static JsonNode? Value(Random random, string name, int depth) => name switch
    {
        "source" => Source(random),
        "input" => Any(random),
        "is_error" => random.Next(3) switch { 0 => true, 1 => false, _ => null },
        "content" when depth < 2 => random.Next(4) == 0
            ? Text(random)
            : new JsonArray([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Next(random, depth + 1))]),
        _ => Text(random),
    };

    private static JsonObject Source(Random random) => random.Next(6) switch
    {
        0 =>
            new JsonObject
            {
                ["type"] = "base64",
                ["media_type"] = "image/png",
                ["data"] = Convert.ToBase64String(
                Encoding.UTF8.GetBytes(Text(random)))
            },
        1 => new JsonObject { ["type"] = "base64", ["media_type"] = Text(random), ["data"] = Text(random) },
        2 => new JsonObject { ["type"] = "url", ["url"] = Text(random) },
        3 => new JsonObject { ["type"] = "text", ["media_type"] = "text/plain", ["data"] = Text(random) },
        4 => new JsonObject { ["type"] = "file", ["file_id"] = Text(random), ["novel"] = Any(random) },
        _ => new JsonObject { ["type"] = "content", ["content"] = Any(random) },
    };

    private static JsonNode? Any(Random random) => random.Next(7) switch
    {
        0 => null,
        1 => random.Next(),
        2 => JsonNode.Parse("1.50"),
        3 => Text(random),
        4 => new JsonArray(Text(random), true),
        5 => new JsonObject(),
        _ => new JsonObject { ["b"] = Text(random), ["a"] = new JsonObject { ["type"] = "text" } },
    };

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(
            0, random.Next(6)).Select(_ => Pick(random, "a", "\"", "\\", "\n", "é", "😀", "\u2028", "<", "\0", "漢")));

    private static string Pick(Random random, params string[] of) => of[random.Next(of.Length)];
}
