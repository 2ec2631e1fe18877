using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

/// <summary>Reads event streams the simple way, for whole ones.</summary>
internal static class Events
{
    /// <summary>The events of a stream: name and data. What has no blank line after it is left out.</summary>
    public static IReadOnlyList<(string Name, JsonElement Data)> Parse(string stream)
    {
        var blocks = stream.Replace("\r\n", "\n", StringComparison.Ordinal).Split("\n\n");
        return [.. blocks[..^1].Where(block => block.Contains("data: ", StringComparison.Ordinal)).Select(
            block => (Line(block, "event: "), JsonDocument.Parse(Line(block, "data: ")).RootElement))];
    }

    public static IReadOnlyList<string> Names(string stream) => [.. Parse(stream).Select(one => one.Name)];

    /// <summary>All texts of the deltas of one type, joined.</summary>
    public static string Joined(string stream, string deltaType, string member) => string.Concat(Parse(stream)
        .Where(one => one.Data.Get("delta")?.GetText("type") == deltaType)
        .Select(one => one.Data.Get("delta")?.GetText(member)));

    /// <summary>What is wrong with the order of a stream's events (anthropic-api.md 3.1); null when nothing is.</summary>
    public static string? Misorder(IReadOnlyList<(string Name, JsonElement Data)> events)
    {
        var order = new StringBuilder();
        foreach (var (name, data) in events)
        {
            if (data.GetText("type") != name)
            {
                return $"event {name} with data of type {data.GetText("type")}";
            }

            order.Append(name switch
            {
                "message_start" => 'S',
                "content_block_start" => '(',
                "content_block_delta" => '.',
                "content_block_stop" => ')',
                "message_delta" => 'D',
                "message_stop" => 'E',
                "ping" => "",
                _ => '?',
            });
        }

        return System.Text.RegularExpressions.Regex.IsMatch(order.ToString(), @"^S(\(\.*\))*DE$") ? null : order.ToString();
    }

    private static string Line(string block, string prefix) =>
        block.Split('\n').First(line => line.StartsWith(prefix, StringComparison.Ordinal))[prefix.Length..];
}
