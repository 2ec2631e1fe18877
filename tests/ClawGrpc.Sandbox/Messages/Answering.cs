using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// What is said to a request: the same for the same body, within its <c>max_tokens</c> and <c>stop_sequences</c>.
/// </summary>
internal static class Answering
{
    private const int EchoedWords = 12;

    public static Answer To(JsonElement body, string model, string id)
    {
        var budget = body.GetInteger("max_tokens") ?? int.MaxValue;
        if (budget == 0)
        {
            return new(id, model, "max_tokens", null, []);
        }

        var (blocks, reason, stop) = Say(body);
        var kept = new List<AnswerBlock>();
        foreach (var block in blocks)
        {
            if (budget <= 0)
            {
                break;
            }

            kept.Add(block with { Pieces = [.. block.Pieces.Take(budget)] });
            budget -= block.Pieces.Count;
        }

        // The budget is cut last: a text that needed all of it and no more ended by itself.
        return budget < 0 || kept.Count < blocks.Count
            ? new(id, model, "max_tokens", null, kept)
            : new(id, model, reason, stop, kept);
    }

    private static (IReadOnlyList<AnswerBlock> Blocks, string Reason, string? Stop) Say(JsonElement body)
    {
        var said = LastUserText(body);
        var blocks = new List<AnswerBlock>();
        if (body.Get("thinking") is { } thinking && thinking.GetText("type") is "enabled" or "adaptive")
        {
            blocks.Add(Think(said, omitted: body.Get("thinking")?.GetText("display") == "omitted"));
        }

        var tools = ToolCalls.Of(body, said);
        var isForced = body.Get("tool_choice")?.GetText("type") is "any" or "tool";
        if (tools.Count > 0 && isForced)
        {
            return ([.. blocks, .. tools], "tool_use", null);
        }

        var text = body.Get("output_config")?.Get("format")?.Get("schema") is { } schema
            ? SampleJson.Of(schema)
            : tools.Count > 0 ? "I will look that up." : Echo(said);
        var (kept, stop) = UntilStop(body, text);
        blocks.Add(new("text", Tokens.Pieces(kept)));
        if (stop is not null)
        {
            return (blocks, "stop_sequence", stop);
        }

        return tools.Count > 0 ? ([.. blocks, .. tools], "tool_use", null) : (blocks, "end_turn", null);
    }

    private static AnswerBlock Think(string said, bool omitted) =>
        new("thinking", Tokens.Pieces($"The user says {Quote(said)}. I will repeat it, say what I am, and stop there."))
        {
            Signature = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Ids.Of("EqQB", said) + Ids.Of("", said))),
            Omitted = omitted,
        };

    private static string Echo(string said) =>
        $"You said {Quote(said)}. This is the sandbox speaking: no model has thought about it, the same prompt gets the same "
        + "answer every time, and this is where it ends.";

    private static string Quote(string said)
    {
        var words = said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var ellipsis = words.Length > EchoedWords ? " …" : "";
        return words.Length == 0 ? "nothing" : $"“{string.Join(' ', words.Take(EchoedWords))}{ellipsis}”";
    }

    private static (string Kept, string? Stop) UntilStop(JsonElement body, string text)
    {
        var first = body.GetItems("stop_sequences")
            .Where(stop => stop.ValueKind == JsonValueKind.String)
            .Select(stop => stop.GetString()!)
            .Where(stop => stop.Length > 0)
            .Select(stop => (At: text.IndexOf(stop, StringComparison.Ordinal), Stop: stop))
            .Where(found => found.At >= 0)
            .OrderBy(found => found.At)
            .FirstOrDefault();
        return first.Stop is null ? (text, null) : (text[..first.At], first.Stop);
    }

    private static string LastUserText(JsonElement body)
    {
        var last = body.GetItems("messages").LastOrDefault(message => message.GetText("role") == "user");
        return last.GetText("content")
            ?? last.GetItems("content").Select(block => block.GetText("text")).LastOrDefault(text => text is not null)
            ?? "";
    }
}
