using System.Text.Json;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A state folder of a test's own, as other programs see it; gone when the test is over.</summary>
internal sealed class StateFiles : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("claw-").FullName;

    public string this[string name] => System.IO.Path.Join(Path, name);

    public string ConfigPath => this["clawgrpc.json"];

    public string ProfilesPath(string agent = "main") => this[$"agents/{agent}/agent/auth-profiles.json"];

    /// <summary>Writes a configuration with this upstream.</summary>
    /// <param name="upstream">The URL.</param>
    /// <param name="more">Further members, as JSON5.</param>
    /// <param name="provider">Further members of the provider, as JSON5.</param>
    public Task ConfigureAsync(string upstream, string more = "", string provider = "") =>
        File.WriteAllTextAsync(ConfigPath, $$"""
        {
          // Written by hand.
          models: { providers: { anthropic: { baseUrl: "{{upstream}}", models: [], {{provider}} } } },
          {{more}}
        }

        """);

    /// <summary>Writes an agent's profiles as another program would.</summary>
    public async Task WriteProfilesAsync(string json, string agent = "main")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(ProfilesPath(agent))!);
        await File.WriteAllTextAsync(ProfilesPath(agent), json);
    }

    /// <summary>An agent's <c>auth-profiles.json</c>.</summary>
    public JsonElement Profiles(string agent = "main") => JsonDocument.Parse(File.ReadAllBytes(ProfilesPath(agent))).RootElement;

    /// <summary>The entry of a profile in <c>usageStats</c>.</summary>
    public JsonElement UsageStats(string profile, string agent = "main") =>
        Profiles(agent).GetProperty("usageStats").GetProperty(profile);

    /// <summary>
    /// Every file and directory with its mode and content, so that two of them can be compared. Sockets and the audit are left
    /// out.
    /// </summary>
    public string Snapshot() => string.Join('\n', Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories)
        .Where(path => !path.EndsWith(".sock", StringComparison.Ordinal) && System.IO.Path.GetFileName(path) != "audit.jsonl")
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path} {File.GetUnixFileMode(path)} "
            + $"{(Directory.Exists(path) ? "" : Convert.ToHexString(File.ReadAllBytes(path)))}"));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
