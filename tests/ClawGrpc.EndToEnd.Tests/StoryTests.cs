using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Onboard, status, complete: with the programs as people run them.</summary>
public partial class StoryTests
{
    [Fact]
    public async Task Onboard_status_and_complete_work_over_the_socket_and_over_TCP()
    {
        await using var house = await House.BuildAsync();
        var sandbox = house.Keep(RunningProgram.Start("ClawGrpc.Sandbox", "sandbox", new Dictionary<string, string>(), "--quiet"));
        var upstream = (await sandbox.LineWithAsync("sandbox listening on "))["sandbox listening on ".Length..];
        await house.ConfigureAsync($"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{upstream}', models: [] }} }} }} }}\n");
        var server = await house.ServeAsync("--listen", $"unix:{house.Socket}", "--listen", "http://127.0.0.1:0");
        var ready = Ready().Match(server.Out);
        Assert.True(ready.Success, server.Out);
        Assert.Contains("Warning: callers are not authenticated", server.Error, StringComparison.Ordinal);

        foreach (var (profile, endpoint) in new[] { ("anthropic:one", $"unix:{house.Socket}"), ("anthropic:two", ready.Groups["tcp"].Value) })
        {
            var onboard = house.Claw("onboard", "--non-interactive", "--anthropic-api-key", "-", "--profile-id", profile, "--endpoint", endpoint);
            await onboard.TellAsync(House.KeyOne);
            Assert.True(await onboard.ExitAsync() == 0, onboard.Error);
            Assert.Contains(profile, await house.ClawAsync("models", "status", "--endpoint", endpoint), StringComparison.Ordinal);
            Assert.StartsWith("You said “Hello”.", await house.ClawAsync("complete", "Hello", "--endpoint", endpoint), StringComparison.Ordinal);
        }

        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
        Assert.DoesNotContain(House.KeyOne, house.AllOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_and_all_state_are_their_owners_alone()
    {
        await using var house = await House.BuildAsync();
        await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(owner, File.GetUnixFileMode(house.Socket));
        Assert.Equal(owner, File.GetUnixFileMode(house.ProfilesPath));
        Assert.Equal(owner, File.GetUnixFileMode(Path.Join(house.State, "clawgrpc.lock")));
        Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(house.ProfilesPath)!));
    }

    [Fact]
    public async Task A_state_folder_that_is_not_there_is_made_for_its_owner_alone()
    {
        await using var house = await House.BuildAsync();
        Directory.Delete(house.State, recursive: true);
        await house.ServeAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(house.State));
    }

    [Fact]
    public async Task Key_and_upstream_may_come_from_the_servers_environment()
    {
        await using var house = await House.BuildAsync();
        await house.ConfigureAsync("{}\n");
        var server = house.Server(new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = House.KeyTwo, ["ANTHROPIC_BASE_URL"] = house.Sandbox.BaseUrl });
        await server.LineWithAsync("clawgrpc ready on ");
        await house.ClawAsync("complete", "Hello");
        Assert.Equal(House.KeyTwo, house.Sandbox.Requests.Single().Credential);
    }

    [GeneratedRegex(@"^clawgrpc ready on unix:\S+/clawgrpc\.sock, (?<tcp>http://127\.0\.0\.1:\d+)\n")]
    private static partial Regex Ready();
}
