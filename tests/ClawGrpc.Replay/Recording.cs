using System.Text;
using System.Text.Json;

namespace ClawGrpc.Replay;

/// <summary>What a recording holds, which says what must come of it.</summary>
public enum RecordingKind
{
    /// <summary>A streamed answer.</summary>
    Stream,

    /// <summary>An answer in one JSON message.</summary>
    Message,

    /// <summary>A count of tokens.</summary>
    Count,

    /// <summary>An error.</summary>
    Error,

    /// <summary>Something that is no answer to a Messages request, such as a list of files.</summary>
    Other,
}

/// <summary>One recorded exchange with Anthropic.</summary>
/// <param name="Name">Its file, relative to the folder; with the place in it when it holds several.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">The answer's headers; empty when they were not recorded.</param>
/// <param name="Body">The answer's body, byte for byte.</param>
public sealed record Recording(string Name, int Status, Dictionary<string, string> Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>The body of the Messages request; null if it was not recorded or is no such request.</summary>
    public JsonElement? Request { get; init; }

    /// <summary>The headers of the request that count: <c>anthropic-version</c> and <c>anthropic-beta</c>.</summary>
    public Dictionary<string, string> RequestHeaders { get; init; } = [];

    /// <summary>
    /// What the official SDK made of the stream: an object with <c>final_message</c> and <c>error</c>. Null if unknown.
    /// </summary>
    public JsonElement? Expected { get; init; }

    public RecordingKind Kind
    {
        get
        {
            if (Status >= 400)
                return RecordingKind.Error;
            if (Headers.GetValueOrDefault("content-type")?.StartsWith(
                "text/event-stream", StringComparison.OrdinalIgnoreCase) ?? Name.EndsWith(".sse", StringComparison.Ordinal))
            {
                return RecordingKind.Stream;
            }
            var body = Json(Body);
            return Is(body, "content", JsonValueKind.Array) ? RecordingKind.Message
                : Is(body, "input_tokens", JsonValueKind.Number) ? RecordingKind.Count
                : RecordingKind.Other;
        }
    }

    /// <summary>
    /// The data of every event of the stream that is whole: read here once more and differently, by the letter of the rules for
    /// event streams.
    /// </summary>
    public IReadOnlyList<string> Events()
    {
        var events = new List<string>();
        var data = new List<string>();
        var text = Encoding.UTF8.GetString(Body.Span).TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace('\r', '\n');

        // What follows the last line end is no line.
        foreach (var line in text.Split('\n')[..^1])
        {
            if (line.Length == 0)
            {
                var joined = string.Join('\n', data);
                if (joined.Length > 0)
                    events.Add(joined);
                data.Clear();
            }
            else if (line == "data" || line.StartsWith("data:", StringComparison.Ordinal))
            {
                var value = line.Length > 5 ? line[5..] : "";
                data.Add(value.StartsWith(' ') ? value[1..] : value);
            }
        }

        return events;
    }

    /// <summary>The JSON of a text; undefined when it is none.</summary>
    internal static JsonElement Json(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static bool Is(JsonElement json, string name, JsonValueKind kind) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == kind;
}
