using System.Text.Json;
using ClawGrpc.Testing;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Recorded traffic of the API: that of the repository, and more if configured.</summary>
internal static class Recorded
{
    /// <summary>Every recorded stream, with the result of the official SDK if recorded.</summary>
    public static IEnumerable<(string Name, byte[] Stream, JsonElement? Expected)> Streams() =>
        from file in Files("*.sse")
        let expected = Path.Combine(
            Path.GetDirectoryName(file)!, "..", "expected", Path.GetFileNameWithoutExtension(file) + ".final.json")
        select (Path.GetFileName(file), File.ReadAllBytes(file), File.Exists(expected) ? Json(expected) : (JsonElement?)null);

    /// <summary>Every recorded unstreamed answer.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Answers() =>
        Files("*.json", "json").Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)));

    /// <summary>Every recorded request to <c>/v1/messages</c>, byte for byte.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Requests() =>
        from file in Files("*.meta.json")
        let request = Json(file).GetProperty("request")
        where request.ValueKind == JsonValueKind.Object && request.TryGetProperty("uri", out var uri)
            && uri.GetString()!.Contains("/v1/messages", StringComparison.Ordinal)
        where request.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty("messages", out _)
        select (Path.GetFileName(file), JsonSerializer.SerializeToUtf8Bytes(request.GetProperty("body")));

    private static IEnumerable<string> Files(string pattern, string under = "") =>
        from folder in RecordedFolders.All
        let place = Path.Combine(folder, under)
        where Directory.Exists(place)
        from file in Directory.EnumerateFiles(place, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        where pattern.Contains("meta", StringComparison.Ordinal) || !file.EndsWith(".meta.json", StringComparison.Ordinal)
        select file;

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
}
