using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Replay;

/// <summary>
/// Typed answers written as the JSON they stand for, by the contract's comments alone, and held against a message.
/// </summary>
internal static class TypedMessage
{
    /// <summary>Where a whole answer differs from the message; null if nowhere.</summary>
    public static string? Difference(JsonElement message, Completion typed)
    {
        var json = new JsonObject
        {
            ["id"] = typed.Id,
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = typed.Model,
            ["content"] = new JsonArray([.. typed.Content.Select(Block)]),
            ["stop_reason"] = typed.StopReason.Length > 0 ? typed.StopReason : null,
            ["stop_sequence"] = typed.HasStopSequence ? typed.StopSequence : null,
            ["usage"] = Parse(Member(message, "usage")),
        };
        Add(json, typed.ExtraJson);
        var given = JsonSerializer.SerializeToElement(json);

        // A tool input that was cut off is handed on as it came; the SDK mends it.
        return typed.Content.Any(block => block.ToolUse is { } use && Parse(use.InputJson) is null)
            ? null
            : SameJson.Difference(JsonSerializer.SerializeToElement(
            Whole(message)), Encoding.UTF8.GetBytes(given.GetRawText())) ?? Usage(message, typed.Usage);
    }

    /// <summary>
    /// Where the events of a stream add up to another text, tool input or thinking than the message has; null if nowhere.
    /// </summary>
    public static string? Difference(JsonElement message, IEnumerable<StreamCompleteResponse> parts)
    {
        var (texts, begun) = (new SortedDictionary<int, StringBuilder>(), new Dictionary<int, JsonNode?>());
        foreach (var part in parts)
        {
            if (part.BlockStart is { } start)
            {
                var block = Block(start.Block);
                (texts[start.Index], begun[start.Index]) =
                    (new StringBuilder(start.Block.ToolUse is null ? TextOf(block) : Text(start.Block.ToolUse.InputJson)), block);
            }
            else if (part.BlockDelta is { } delta)
            {
                texts[delta.Index].Append(delta.Text).Append(delta.PartialJson).Append(delta.Thinking);
            }
        }

        var content = Member(message, "content").EnumerateArray().ToList();
        if (content.Count != begun.Count)
            return $"{content.Count} and {begun.Count} blocks";
        for (var index = 0; index < content.Count; index++)
        {
            var (wanted, given) = (TextOf(Parse(content[index])), texts[index].ToString());
            var isInput = Member(content[index], "input").ValueKind == JsonValueKind.Object;
            var same = isInput
                ? given is "" or "{}" || Parse(ByteString.CopyFromUtf8(given)) is not { } input
                || SameJson.Difference(Member(content[index], "input"), Encoding.UTF8.GetBytes(input.ToJsonString())) is null
                : wanted == given;
            if (!same)
                return $"block {index}: {wanted} and {given}";
        }

        return null;
    }

    private static JsonNode? Block(ContentBlock block)
    {
        var json = block.BlockCase switch
        {
            ContentBlock.BlockOneofCase.Text => new JsonObject { ["type"] = "text", ["text"] = block.Text.Text },
            ContentBlock.BlockOneofCase.Thinking => Thinking(block.Thinking),
            ContentBlock.BlockOneofCase.RedactedThinking =>
                new JsonObject { ["type"] = "redacted_thinking", ["data"] = block.RedactedThinking.Data },
            ContentBlock.BlockOneofCase.ToolUse => new JsonObject
            {
                ["type"] = "tool_use",
                ["id"] = block.ToolUse.Id,
                ["name"] = block.ToolUse.Name,
                ["input"] = Parse(block.ToolUse.InputJson),
            },
            ContentBlock.BlockOneofCase.RawJson => Parse(block.RawJson),
            _ => throw new ReplayException($"a {block.BlockCase} block in an answer"),
        };
        if (json is JsonObject members)
            Add(members, block.ExtraJson);
        return json;
    }

    private static JsonObject Thinking(ThinkingBlock thinking)
    {
        var json = new JsonObject { ["type"] = "thinking", ["thinking"] = thinking.Thinking };
        if (thinking.Signature.Length > 0)
            json["signature"] = thinking.Signature;
        return json;
    }

    private static void Add(JsonObject json, ByteString extra)
    {
        foreach (var (name, value) in Parse(extra) as JsonObject ?? [])
            json[name] = value?.DeepClone();
    }

    // What an answer always has, also when a recording leaves it out.
    private static JsonObject Whole(JsonElement message)
    {
        var json = (JsonObject)Parse(message)!;
        json["stop_sequence"] ??= null;
        json["stop_reason"] ??= null;
        json["usage"] ??= null;
        return json;
    }

    private static string? Usage(JsonElement message, Usage? given)
    {
        var usage = Member(message, "usage");
        return usage.ValueKind != JsonValueKind.Object ? null
            : Count("input_tokens", given?.InputTokens) ?? Count("output_tokens", given?.OutputTokens)
            ?? Count("cache_creation_input_tokens", given?.CacheCreationInputTokens) ?? Count(
            "cache_read_input_tokens", given?.CacheReadInputTokens);

        string? Count(string name, long? counted) =>
            (Member(usage, name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : 0) is var wanted
                && wanted == counted ? null : $"{name}: {wanted} and {counted}";
    }

    private static string TextOf(JsonNode? block) => $"{block?["text"] ?? block?["thinking"]}";

    private static string Text(ByteString json) => json.ToStringUtf8();

    private static JsonNode? Parse(JsonElement json) =>
        json.ValueKind == JsonValueKind.Undefined ? null : JsonNode.Parse(json.GetRawText());

    private static JsonNode? Parse(ByteString json)
    {
        try
        {
            return json.IsEmpty ? null : JsonNode.Parse(json.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;
}
