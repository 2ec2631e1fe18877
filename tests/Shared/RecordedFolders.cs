namespace ClawGrpc.Testing;

/// <summary>
/// Where recorded traffic of the API lies. The repository has a small set of its own, written by hand in the same form; a
/// larger one may stand in <c>shared/fixtures</c> beside the checkout, or where <c>FIXTURES</c> says.
/// </summary>
internal static class RecordedFolders
{
    /// <summary>The folders there are, the repository's own first; never empty.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Find()];

    private static IEnumerable<string> Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "ClawGrpc.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException(
                $"{AppContext.BaseDirectory} is in no checkout of ClawGrpc.");
        }
        yield return Path.Combine(root.FullName, "tests", "recordings");
        var other = Environment.GetEnvironmentVariable("FIXTURES") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(root.Parent?.FullName ?? "", "shared", "fixtures");
        if (Directory.Exists(other))
            yield return other;
    }
}
