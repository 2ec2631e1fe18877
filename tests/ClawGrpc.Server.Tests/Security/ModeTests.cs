using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

public class ModeTests
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Whatever_the_server_writes_is_its_owners_alone()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.StartServerAsync();
        await rig.OnboardAsync();
        await rig.OnboardTokenAsync(Two);
        rig.Sandbox.Script(Faults.Status(429));
        await rig.StreamAsync();
        await rig.StopServerAsync();
        foreach (var path in Directory.EnumerateFileSystemEntries(rig.Files.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".sock", StringComparison.Ordinal)))
            Assert.Equal(Directory.Exists(path) ? OwnersFile | UnixFileMode.UserExecute : OwnersFile, File.GetUnixFileMode(path));
        Assert.Contains(KeyOne, await File.ReadAllTextAsync(rig.Files.ProfilesPath()), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-ant", await File.ReadAllTextAsync(rig.Files.ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_sent_elsewhere_is_not_followed()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var rig = await Rig.StartAsync();
        await rig.OnboardAsync();
        rig.Sandbox.Script(new Fault
        {
            Status = new() { Code = 307, Headers = new Dictionary<string, string> { ["location"] = $"{elsewhere.BaseUrl}/v1/messages" } },
        });
        Assert.Equal("SERVER_ERROR", (await rig.StreamAsync()).Failed.Reason);
        Assert.Empty(elsewhere.Requests);
    }
}
