using System.Diagnostics;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Owner, group and mode of files stay when they are rewritten.</summary>
public class OwnerTests
{
    private const string Others = "65534:65533";

    [Theory]
    [InlineData("600")]
    [InlineData("640")]
    [InlineData("660")]
    public async Task Mode_stays_when_a_file_is_rewritten(string mode)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var bits = (UnixFileMode)Convert.ToInt32(mode, 8);
        File.SetUnixFileMode(fixture.Files.ProfilesPath(), bits);
        File.SetUnixFileMode(fixture.Files.ConfigPath, bits);
        await fixture.OnboardAsync(Two);
        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = "anthropic/claude-sonnet-4-6" });
        Assert.Equal(bits, File.GetUnixFileMode(fixture.Files.ProfilesPath()));
        Assert.Equal(bits, File.GetUnixFileMode(fixture.Files.ConfigPath));
    }

    [Fact]
    public async Task Files_of_another_user_stay_theirs_under_a_root_server()
    {
        // Only root can give files away.
        if (!Environment.IsPrivilegedProcess)
            return;
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await RunAsync("chown", "-R", Others, fixture.Files.Path);
        await fixture.OnboardAsync(Two);
        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = "anthropic/claude-sonnet-4-6" });
        foreach (var path in Directory.EnumerateFileSystemEntries(fixture.Files.Path, "*", SearchOption.AllDirectories))
        {
            if (!path.EndsWith(".lock", StringComparison.Ordinal))
                Assert.Equal((path, Others), (path, (await RunAsync("stat", "-c", "%u:%g", path)).Trim()));
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return text;
    }
}
