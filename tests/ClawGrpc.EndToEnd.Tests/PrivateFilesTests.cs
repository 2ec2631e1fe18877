using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>What the server makes is its owner's alone, from the moment it is there.</summary>
public class PrivateFilesTests
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task Server_creates_for_its_owner_alone()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        var status = await File.ReadAllLinesAsync($"/proc/{server.Id}/status");
        Assert.Equal("Umask:\t0077", Assert.Single(status, line => line.StartsWith("Umask:", StringComparison.Ordinal)));
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        fixture.Sandbox.Script(Faults.Status(429));
        Assert.NotEqual(0, await fixture.Claw("complete", "Hello").ExitAsync());

        // All but the configuration, which the test wrote, and its backups: they keep its mode.
        var made = Directory.EnumerateFileSystemEntries(fixture.State, "*", SearchOption.AllDirectories)
            .Where(path => !Path.GetFileName(path).StartsWith("clawgrpc.json", StringComparison.Ordinal)).ToList();
        Assert.Contains(fixture.Socket, made);
        Assert.All(made, path => Assert.Equal(UnixFileMode.None, ModeOf(path) & Others));
    }

    [Fact]
    public async Task Server_leaves_nothing_outside_its_folder()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var home = Directory.CreateTempSubdirectory("claw-home-");
        try
        {
            await fixture.ServeAsync(new Dictionary<string, string> { ["HOME"] = home.FullName });
            using var channel = fixture.Connect();
            await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
            Assert.Empty(home.EnumerateFileSystemInfos());
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    // None for what was there for a moment: a lock that was given back.
    private static UnixFileMode ModeOf(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (FileNotFoundException)
        {
            return UnixFileMode.None;
        }
    }
}
