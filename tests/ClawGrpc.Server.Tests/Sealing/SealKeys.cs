using System.Security.Cryptography;
using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Sealing;

/// <summary>Files of keys outside of the state folder; gone when the test is over.</summary>
internal sealed class SealKeys : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw-keys-").FullName;

    public SealKeys()
    {
        foreach (var path in new[] { Old, New })
            Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
    }

    public string Old => Path.Join(_folder, "old.key");

    public string New => Path.Join(_folder, "new.key");

    public string Passphrase => Path.Join(_folder, "passphrase");

    /// <summary>The section of the configuration with the old key.</summary>
    public string Section => Of($"keyFile: '{Old}'");

    /// <summary>The section with both keys.</summary>
    public string Both => Of($"keyFile: '{Old}', otherKeys: [{{ keyFile: '{New}' }}]");

    /// <summary>The section with the new key alone.</summary>
    public string Next => Of($"keyFile: '{New}'");

    public static string Of(string seal, string more = "") => $"clawgrpc: {{ seal: {{ {seal} }}, {more} }}";

    public static void Write(string path, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

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
