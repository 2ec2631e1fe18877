using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

public class ModeTests
{
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task All_files_of_the_server_are_private_to_its_owner()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        await fixture.OnboardTokenAsync(Two);
        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        await fixture.StopServerAsync();
        foreach (var path in Directory.EnumerateFileSystemEntries(fixture.Files.Path, "*", SearchOption.AllDirectories).Where(
            path => !path.EndsWith(".sock", StringComparison.Ordinal)))
        {
            Assert.Equal(Directory.Exists(path) ? OwnersFile | UnixFileMode.UserExecute : OwnersFile, File.GetUnixFileMode(path));
        }
        Assert.Contains(KeyOne, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-ant", await File.ReadAllTextAsync(fixture.Files.ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_sent_elsewhere_is_not_followed()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(new Fault
        {
            Status = new()
            {
                Code = 307,
                Headers = new Dictionary<string,
                string>
                { ["location"] = $"{elsewhere.BaseUrl}/v1/messages" }
            },
        });
        Assert.Equal("SERVER_ERROR", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Empty(elsewhere.Requests);
    }
}
