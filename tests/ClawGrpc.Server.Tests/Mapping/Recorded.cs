using System.Text.Json;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>Recorded traffic of the API: the repository's own, and more of it where there is more.</summary>
internal static class Recorded
{
    /// <summary>The data of every event of every recorded stream.</summary>
    public static IEnumerable<(string Name, List<string> Events)> Streams() =>
        from file in Files("*.sse")
        let lines = File.ReadAllLines(file).Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
        select (Path.GetFileName(file), lines.Select(line => line["data: ".Length..]).ToList());

    /// <summary>Every recorded answer that came whole.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Messages() =>
        from file in Files("*.json")
        where Path.GetDirectoryName(file)!.EndsWith("json", StringComparison.Ordinal)
            && !file.EndsWith(".meta.json", StringComparison.Ordinal)
        let json = File.ReadAllBytes(file)
        where JsonDocument.Parse(json).RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("content", out _)
        select (Path.GetFileName(file), json);

    /// <summary>Every block of the recorded answers and requests.</summary>
    public static IEnumerable<string> Blocks()
    {
        var requests = from file in Files("*.meta.json")
                       where Json(file).TryGetProperty("request", out var request) && request.ValueKind == JsonValueKind.Object
                           && request.TryGetProperty("body", out var body)
                           && body.ValueKind == JsonValueKind.Object && body.TryGetProperty("messages", out _)
                       from message in Json(file).GetProperty("request").GetProperty("body").GetProperty("messages")
                           .EnumerateArray()
                       select message;
        return from message in requests.Concat(Messages().Select(each => JsonDocument.Parse(each.Json).RootElement))
               where message.ValueKind == JsonValueKind.Object && message.GetProperty("content").ValueKind == JsonValueKind.Array
               from block in message.GetProperty("content").EnumerateArray()
               select block.GetRawText();
    }

    private static IEnumerable<string> Files(string pattern) =>
        RecordedFolders.All.SelectMany(
            folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal));

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
}
