using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Onboard, status, complete: with the programs as people run them.</summary>
public partial class StoryTests
{
    [Fact]
    public async Task Onboard_status_and_complete_work_over_socket_and_TCP()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var sandbox = fixture.Keep(
            RunningProgram.Start("ClawGrpc.Sandbox", "sandbox", new Dictionary<string, string>(), "--quiet"));
        var upstream = (await sandbox.LineWithAsync("sandbox listening on "))["sandbox listening on ".Length..];
        await fixture.ConfigureAsync(
            $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{upstream}', models: [] }} }} }} }}\n");
        var server = await fixture.ServeAsync("--listen", $"unix:{fixture.Socket}", "--listen", "http://127.0.0.1:0");
        var ready = Ready().Match(server.Out);
        Assert.True(ready.Success, server.Out);
        Assert.DoesNotContain("Warning: callers are not authenticated", server.Error, StringComparison.Ordinal);

        foreach (var (profile, endpoint) in new[] { ("anthropic:one", $"unix:{fixture.Socket}"),
            ("anthropic:two", ready.Groups["tcp"].Value) })
        {
            var onboard = fixture.Claw(
                "onboard", "--non-interactive", "--anthropic-api-key", "-", "--profile-id", profile, "--endpoint", endpoint);
            await onboard.TellAsync(ProcessFixture.KeyOne);
            Assert.True(await onboard.ExitAsync() == 0, onboard.Error);
            Assert.Contains(
                profile, await fixture.ClawAsync("models", "status", "--endpoint", endpoint), StringComparison.Ordinal);
            Assert.StartsWith("You said “Hello”.", await fixture.ClawAsync(
                "complete", "Hello", "--endpoint", endpoint), StringComparison.Ordinal);
        }

        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
        Assert.DoesNotContain(ProcessFixture.KeyOne, fixture.AllOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_that_is_open_to_everybody_says_so()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync("--insecure-loopback", "--listen", "http://127.0.0.1:0");
        Assert.False(File.Exists(Path.Join(fixture.State, "admin-token")));
        var port = server.Out.Split(' ', '\n').Single(word => word.StartsWith("http://", StringComparison.Ordinal));
        Assert.Contains("Known by: none", await fixture.ClawAsync("whoami", "--endpoint", port), StringComparison.Ordinal);
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
        Assert.Contains("Warning: callers are not authenticated", server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_and_all_state_are_their_owners_alone()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner, File.GetUnixFileMode(fixture.Socket));
        Assert.Equal(owner, File.GetUnixFileMode(fixture.ProfilesPath));
        Assert.Equal(owner, File.GetUnixFileMode(Path.Join(fixture.State, "clawgrpc.lock")));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(fixture.ProfilesPath)!));
    }

    [Fact]
    public async Task A_state_folder_that_is_not_there_is_made_for_its_owner_alone()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        Directory.Delete(fixture.State, recursive: true);
        await fixture.ServeAsync();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(fixture.State));
    }

    [Fact]
    public async Task Key_and_upstream_may_come_from_the_servers_environment()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ConfigureAsync("{}\n");
        var server = fixture.Server(new Dictionary<string,
            string>
        { ["ANTHROPIC_API_KEY"] = ProcessFixture.KeyTwo, ["ANTHROPIC_BASE_URL"] = fixture.Sandbox.BaseUrl });
        await server.LineWithAsync("clawgrpc ready on ");
        await fixture.ClawAsync("complete", "Hello");
        Assert.Equal(ProcessFixture.KeyTwo, fixture.Sandbox.Requests.Single().Credential);
    }

    [GeneratedRegex(@"^clawgrpc ready on unix:\S+/clawgrpc\.sock, (?<tcp>http://127\.0\.0\.1:\d+)\n")]
    private static partial Regex Ready();
}
