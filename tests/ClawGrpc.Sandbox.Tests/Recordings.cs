using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

/// <summary>
/// Recorded traffic of the API: a folder of <c>NAME.meta.json</c> with the request and the answer's head, and the body beside
/// it. It is no
/// part of the repository; <c>FIXTURES</c> names it, or it stands in <c>shared/fixtures</c> beside the checkout.
/// </summary>
internal static class Recordings
{
    public static string? Folder { get; } = Find();

    public static IEnumerable<Recording> All => Folder is null
        ? []
        : Directory.EnumerateFiles(Folder, "*.meta.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Recording.Read);

    private static string? Find()
    {
        var given = Environment.GetEnvironmentVariable("FIXTURES");
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ClawGrpc.sln")))
        {
            root = root.Parent;
        }

        var folder = string.IsNullOrEmpty(given) ? Path.Combine(root?.Parent?.FullName ?? "", "shared", "fixtures") : given;
        return Directory.Exists(folder) ? folder : null;
    }
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
        ? headers.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)
        : [];
}

/// <summary>A fact about recorded traffic; skipped where there is none.</summary>
public sealed class RecordedFactAttribute : FactAttribute
{
    public RecordedFactAttribute()
    {
        if (Recordings.Folder is null)
        {
            Skip = "No recorded traffic here: set FIXTURES to its folder.";
        }
    }
}
