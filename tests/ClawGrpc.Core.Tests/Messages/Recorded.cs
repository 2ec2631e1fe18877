using System.Text.Json;

namespace ClawGrpc.Core.Tests.Messages;

/// <summary>
/// Recorded traffic of the API. It is no part of the repository: <c>FIXTURES</c> names its folder, or it stands in <c>shared/fixtures</c>
/// beside the checkout. Tests over it are skipped where there is none.
/// </summary>
internal static class Recorded
{
    public static string? Folder { get; } = Find();

    /// <summary>Every recorded stream, with what the official SDK makes of it where that is known.</summary>
    public static IEnumerable<(string Name, byte[] Stream, JsonElement? Expected)> Streams() =>
        from file in Files("*.sse")
        let expected = Path.Combine(Folder!, "expected", Path.GetFileNameWithoutExtension(file) + ".final.json")
        select (Path.GetFileName(file), File.ReadAllBytes(file), File.Exists(expected) ? Json(expected) : (JsonElement?)null);

    /// <summary>Every recorded answer that came whole.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Answers() => Files("*.json", "json").Select(file => (Path.GetFileName(file), File.ReadAllBytes(file)));

    /// <summary>Every recorded request to <c>/v1/messages</c>, as it stands in its file.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Requests() =>
        from file in Files("*.meta.json")
        let request = Json(file).GetProperty("request")
        where request.ValueKind == JsonValueKind.Object && request.TryGetProperty("uri", out var uri) && uri.GetString()!.Contains("/v1/messages", StringComparison.Ordinal)
        where request.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object && body.TryGetProperty("messages", out _)
        select (Path.GetFileName(file), JsonSerializer.SerializeToUtf8Bytes(request.GetProperty("body")));

    private static IEnumerable<string> Files(string pattern, string under = "") => Folder is null
        ? []
        : Directory.EnumerateFiles(Path.Combine(Folder, under), pattern, SearchOption.AllDirectories)
            .Where(file => pattern.Contains("meta", StringComparison.Ordinal) || !file.EndsWith(".meta.json", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;

    private static string? Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ClawGrpc.sln")))
            root = root.Parent;
        var folder = Environment.GetEnvironmentVariable("FIXTURES") is { Length: > 0 } given
            ? given
            : Path.Combine(root?.Parent?.FullName ?? "", "shared", "fixtures");
        return Directory.Exists(folder) ? folder : null;
    }
}

/// <summary>A fact about recorded traffic; skipped where there is none.</summary>
public sealed class RecordedFactAttribute : FactAttribute
{
    public RecordedFactAttribute()
    {
        if (Recorded.Folder is null)
            Skip = "No recorded traffic here: set FIXTURES to its folder.";
    }
}
