using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Sealing;

/// <summary>What tests ask of a server that seals.</summary>
internal static class SealedFiles
{
    /// <summary>The files of the state folder that hold any of these secrets, as they are or in base64.</summary>
    public static IReadOnlyList<string> Holding(this StateFiles files, params string[] secrets) =>
        [.. Directory.EnumerateFiles(files.Path, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith(".sock", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path) is var text && secrets.Any(secret => Forms(secret).Any(text.Contains)))
            .Select(path => Path.GetRelativePath(files.Path, path))];

    /// <summary>Writes another configuration and starts the server again.</summary>
    public static async Task RestartWithAsync(this ServerFixture fixture, string more)
    {
        await fixture.StopServerAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, more);
        await fixture.StartServerAsync();
    }

    /// <summary>Lets the clock go until something holds.</summary>
    public static Task PollAsync(this ServerFixture fixture, Func<Task<bool>> holds) => ServerFixture.EventuallyAsync(() =>
    {
        fixture.Time.Advance(TimeSpan.FromMilliseconds(500));
        return holds();
    });

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        for (var before = 0; before < 3; before++)
        {
            var coded = Convert.ToBase64String([.. new byte[before], .. System.Text.Encoding.UTF8.GetBytes(secret)]);
            yield return coded[4..^4];
        }
    }
}
