using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

/// <summary>
/// Recorded traffic of the API: folders of <c>NAME.meta.json</c> with the request and the answer's head, and the body beside it.
/// </summary>
internal static class Recordings
{
    public static IEnumerable<Recording> All => RecordedFolders.All
        .SelectMany(
        folder => Directory.EnumerateFiles(folder, "*.meta.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        .Select(Recording.Read);
}

/// <summary>One recorded exchange.</summary>
internal sealed record Recording(string Name, string? BodyFile, JsonElement Meta)
{
    /// <summary>The status it was answered with; of a recording that does not say, 200.</summary>
    public int Status => Meta.Get("response")?.Get("status")?.GetInt32() ?? 200;

    /// <summary>The path it was sent to; empty when the recording has no request.</summary>
    public string Path => Meta.Get("request")?.GetText("uri") is { } uri ? new Uri(uri).AbsolutePath : "";

    public JsonElement? RequestBody => Meta.Get("request")?.Get("body") is { ValueKind: JsonValueKind.Object } body ? body : null;

    public Dictionary<string, string> ResponseHeaders => Headers("response");

    public Dictionary<string, string> RequestHeaders => Headers("request");

    public byte[] Bytes => File.ReadAllBytes(BodyFile!);

    public static Recording Read(string metaFile)
    {
        var stem = metaFile[..^".meta.json".Length];
        var body = new[] { ".sse", ".json", ".jsonl" }.Select(end => stem + end).FirstOrDefault(File.Exists);
        return new(System.IO.Path.GetFileName(stem), body, JsonDocument.Parse(File.ReadAllBytes(metaFile)).RootElement);
    }

    private Dictionary<string, string> Headers(string side) => Meta.Get(side)?.Get("headers") is { } headers
        ? headers.EnumerateObject()
        .ToDictionary(header => header.Name, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)
        : [];
}
