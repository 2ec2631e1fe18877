namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>claw</c> as another user of this machine sees it, and a folder that this user may enter.</summary>
internal sealed class OtherUser : IDisposable
{
    public const string Setpriv = "/usr/bin/setpriv";
    public const uint Id = 65533;

    /// <summary>What comes before the command line of a program that is to run as this user.</summary>
    public static readonly IReadOnlyList<string> Become =
        [Setpriv, "--reuid", $"{Id}", "--regid", $"{Id}", "--clear-groups"];

    private static readonly UnixFileMode Everybody = (UnixFileMode)Convert.ToInt32("755", 8);

    private readonly ProcessFixture _fixture;

    public OtherUser(ProcessFixture fixture)
    {
        _fixture = fixture;
        File.SetUnixFileMode(Folder, Everybody);

        // The checkout may lie where only its owner can read.
        foreach (var file in Directory.EnumerateFiles(RunningProgram.OutputOf("ClawGrpc.Cli")))
            File.Copy(file, Path.Join(Folder, Path.GetFileName(file)));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("claw-open-").FullName;

    /// <summary>A socket that is not in the state folder.</summary>
    public string Socket => Path.Join(Folder, "team.sock");

    /// <summary>Runs <c>claw</c> as this user; the exit code, and both outputs.</summary>
    public async Task<(int Code, string Said)> ClawAsync(string endpoint, params IEnumerable<string> arguments)
    {
        var environment = new Dictionary<string, string> { ["CLAWGRPC_ENDPOINT"] = endpoint, ["HOME"] = "/nonexistent" };
        var claw = _fixture.Keep(RunningProgram.Start(
            Setpriv, environment, [.. Become.Skip(1), Path.Join(Folder, "claw"), .. arguments]));
        return (await claw.ExitAsync(), claw.Out + claw.Error);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
