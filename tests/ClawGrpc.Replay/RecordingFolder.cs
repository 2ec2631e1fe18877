using System.Text;
using System.Text.Json;

namespace ClawGrpc.Replay;

/// <summary>
/// A folder of recordings, found by the form of its files and not by their names: bodies (<c>NAME.sse</c>, <c>NAME.json</c>,
/// <c>NAME.jsonl</c>) in folders of any name, each with its <c>NAME.meta.json</c> if there is one; <c>NAME.final.json</c> with
/// what the official SDK makes of a stream; and JSON with <c>items</c> that have <c>status</c> and <c>body</c>.
/// </summary>
public static class RecordingFolder
{
    /// <summary>All recordings, in the order of their names.</summary>
    public static IReadOnlyList<Recording> Read(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var expected = files.Where(file => file.EndsWith(".final.json", StringComparison.Ordinal))
            .ToDictionary(file => Path.GetFileName(file)[..^".final.json".Length], file => file);
        return
        [
            .. from file in files
               where !file.EndsWith(".meta.json", StringComparison.Ordinal)
                   && !file.EndsWith(".final.json", StringComparison.Ordinal)
               from recording in ReadFile(folder, file, expected)
               select recording,
        ];
    }

    private static IEnumerable<Recording> ReadFile(string folder, string file, Dictionary<string, string> expected)
    {
        var name = Path.GetRelativePath(folder, file);
        var stem = Path.GetFileNameWithoutExtension(file);
        var meta = Path.ChangeExtension(file, ".meta.json");
        var exchange = File.Exists(meta) ? Json(meta) : default;
        switch (Path.GetExtension(file))
        {
            case ".sse":
                yield return Exchange(
                    name, file, exchange) with
                { Expected = expected.TryGetValue(stem, out var final) ? Json(final) : null };
                break;
            case ".jsonl":
                yield return Exchange(name, file, exchange);
                foreach (var line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1)))
                {
                    if (Recording.Json(Encoding.UTF8.GetBytes(line.Text)) is var json
                        && Member(Member(json, "result"), "message") is { ValueKind: JsonValueKind.Object } message)
                    {
                        yield return new Recording(
                            $"{name}:{line.Number}", 200, [], Encoding.UTF8.GetBytes(message.GetRawText()));
                    }
                }

                break;
            case ".json" when exchange.ValueKind == JsonValueKind.Object:
                yield return Exchange(name, file, exchange);
                break;
            case ".json" when Member(Json(file), "items") is { ValueKind: JsonValueKind.Array } items:
                foreach (var (item, index) in items.EnumerateArray().Select((item, index) => (item, index)))
                {
                    if (Member(item, "body") is { ValueKind: not JsonValueKind.Undefined } body
                        && Member(item, "status") is { ValueKind: JsonValueKind.Number } status)
                    {
                        yield return new Recording(
                            $"{name}#{index}", status.GetInt32(), Texts(Member(item, "headers")), Text(body));
                    }
                }

                break;
        }
    }

    private static Recording Exchange(string name, string file, JsonElement meta)
    {
        var (request, response) = (Member(meta, "request"), Member(meta, "response"));
        var path = Member(request, "uri") is { ValueKind: JsonValueKind.String } uri
            ? new Uri(uri.GetString()!).AbsolutePath
            : "";
        var body = Member(request, "body");
        return new Recording(
            name, Member(response, "status") is { ValueKind: JsonValueKind.Number } status ? status.GetInt32() : 200,
            Texts(Member(response, "headers")), File.ReadAllBytes(file))
        {
            Request = (path.EndsWith("/v1/messages", StringComparison.Ordinal) || path.EndsWith("/v1/messages/count_tokens",
                StringComparison.Ordinal)) && Member(body, "messages").ValueKind == JsonValueKind.Array ? body : null,
            RequestHeaders = Texts(Member(request, "headers")),
        };
    }

    // A body that is no JSON was recorded as a text.
    private static byte[] Text(JsonElement body) =>
        Encoding.UTF8.GetBytes(body.ValueKind == JsonValueKind.String ? body.GetString()! : body.GetRawText());

    private static Dictionary<string, string> Texts(JsonElement headers) => headers.ValueKind != JsonValueKind.Object
        ? new(StringComparer.OrdinalIgnoreCase)
        : headers.EnumerateObject()
        .ToDictionary(header => header.Name, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private static JsonElement Member(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    private static JsonElement Json(string file) => Recording.Json(File.ReadAllBytes(file));
}
