using System.Text.Json;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>
/// Recorded traffic of the API. It is no part of the repository: <c>FIXTURES</c> names its folder, or it stands in <c>shared/fixtures</c>
/// beside the checkout. Tests over it are skipped where there is none.
/// </summary>
internal static class Recorded
{
    public static string? Folder { get; } = Find();

    /// <summary>The data of every event of every recorded stream.</summary>
    public static IEnumerable<(string Name, List<string> Events)> Streams() =>
        from file in Files("*.sse")
        let lines = File.ReadAllLines(file).Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
        select (Path.GetFileName(file), lines.Select(line => line["data: ".Length..]).ToList());

    /// <summary>Every recorded answer that came whole.</summary>
    public static IEnumerable<(string Name, byte[] Json)> Messages() =>
        from file in Files("*.json")
        where Path.GetDirectoryName(file)!.EndsWith("json", StringComparison.Ordinal) && !file.EndsWith(".meta.json", StringComparison.Ordinal)
        let json = File.ReadAllBytes(file)
        where JsonDocument.Parse(json).RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("content", out _)
        select (Path.GetFileName(file), json);

    /// <summary>Every block of the recorded answers and requests.</summary>
    public static IEnumerable<string> Blocks()
    {
        var requests = from file in Files("*.meta.json")
                       where Json(file).TryGetProperty("request", out var request) && request.ValueKind == JsonValueKind.Object
                           && request.TryGetProperty("body", out var body)
                           && body.ValueKind == JsonValueKind.Object && body.TryGetProperty("messages", out _)
                       from message in Json(file).GetProperty("request").GetProperty("body").GetProperty("messages").EnumerateArray()
                       select message;
        return from message in requests.Concat(Messages().Select(each => JsonDocument.Parse(each.Json).RootElement))
               where message.ValueKind == JsonValueKind.Object && message.GetProperty("content").ValueKind == JsonValueKind.Array
               from block in message.GetProperty("content").EnumerateArray()
               select block.GetRawText();
    }

    private static IEnumerable<string> Files(string pattern) =>
        Folder is null ? [] : Directory.EnumerateFiles(Folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal);

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
