using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// Which tools are used: the one that <c>tool_choice</c> names, the first for <c>any</c>; for <c>auto</c> those whose names
/// stand in the
/// last user text, so that a tool loop ends when the result comes back without naming them again.
/// </summary>
internal static class ToolCalls
{
    private const int PieceLength = 12;

    public static IReadOnlyList<AnswerBlock> Of(JsonElement body, string said)
    {
        // Tools of the server have no schema; they are never the client's to run.
        var tools = body.GetItems("tools")
            .Where(tool => tool.GetText("name") is not null && tool.Get("input_schema") is not null);
        var choice = body.Get("tool_choice");
        var used = choice?.GetText("type") switch
        {
            "none" => [],
            "any" => tools.Take(1),
            "tool" => tools.Where(tool => tool.GetText("name") == choice?.GetText("name")),
            _ => tools.Where(tool => said.Contains(tool.GetText("name")!, StringComparison.Ordinal)),
        };
        return [.. used.Select((tool, number) => Call(tool, number, said))];
    }

    private static AnswerBlock Call(JsonElement tool, int number, string said)
    {
        var name = tool.GetText("name")!;
        var input = SampleJson.Of(tool.Get("input_schema")!.Value);
        // The first piece of a recorded input is always empty; of an empty input there is no other.
        string[] pieces = input == "{}" ? [""] : ["", .. Cut(input)];
        return new("tool_use", pieces) { Id = Ids.Of("toolu_", $"{name}/{number}/{said}"), Name = name };
    }

    private static IEnumerable<string> Cut(string text)
    {
        for (var at = 0; at < text.Length; at += PieceLength)
        {
            yield return text.Substring(at, Math.Min(PieceLength, text.Length - at));
        }
    }
}
