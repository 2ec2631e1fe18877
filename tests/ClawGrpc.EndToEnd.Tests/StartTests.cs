using System.Text.RegularExpressions;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A start that cannot be: exit code 1, one error, nothing changed.</summary>
public class StartTests
{
    [Fact]
    public async Task A_second_server_on_the_same_state_folder_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var first = await fixture.ServeAsync();
        await RefusedAsync(
            fixture, fixture.Server("--listen", $"unix:{fixture.Path}/other.sock"),
            $"Error: Another clawgrpc server \\(process {first.Id}\\) works on the state folder {fixture.State}\\.\n");
        Assert.Equal(0, await fixture.Claw("models", "status").ExitAsync());
    }

    [Fact]
    public async Task A_port_in_use_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await RefusedAsync(
            fixture, fixture.Server("--listen", fixture.Sandbox.BaseUrl),
            $"Error: Failed to bind to address {fixture.Sandbox.BaseUrl}: address already in use\\. Choose another --listen; "
                + $"port 0 takes a free one\\.\n");
    }

    [Fact]
    public async Task A_malformed_configuration_is_refused_with_its_place()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ConfigureAsync("{\n  agents: [oops\n}\n");
        await RefusedAsync(
            fixture, fixture.Server(),
            $"Error: Invalid config at {fixture.State}/clawgrpc\\.json:\n- [^\n]+ \\({fixture.State}/clawgrpc\\.json:2:12\\)\n");
    }

    [Fact]
    public async Task A_proxy_that_would_read_requests_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var environment = new Dictionary<string, string> { ["http_proxy"] = "http://127.0.0.1:9" };
        await RefusedAsync(
            fixture, fixture.Server(environment),
            "Error: Invalid config at [^\n]+:\n- models\\.providers\\.anthropic\\.baseUrl: Refused: "
                + "the proxy 127\\.0\\.0\\.1:9 [^\n]+\n");
        environment["no_proxy"] = "127.0.0.1";
        await fixture.ServeAsync(environment);
    }

    [Fact]
    public async Task An_address_beyond_this_machine_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await RefusedAsync(
            fixture, fixture.Server("--listen", "http://0.0.0.0:7007"),
            "Error: --listen http://0\\.0\\.0\\.0:7007: refusing to listen beyond this machine[^\n]+\n");
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--listen")]
    [InlineData("stray")]
    public async Task Invalid_command_line_exits_with_1(string argument)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        Assert.Equal(1, await fixture.Server(argument).ExitAsync());
        Assert.Equal(1, await fixture.Claw("models", "status", "--nonsense").ExitAsync());
    }

    [Fact]
    public async Task Without_a_server_claw_says_how_to_start_one()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var claw = fixture.Claw("models", "status");
        Assert.Equal(1, await claw.ExitAsync());
        Assert.Contains($"Start one: clawgrpc --state-dir {fixture.State}", claw.Error, StringComparison.Ordinal);
        Assert.Equal("", claw.Out);
    }

    private static async Task RefusedAsync(ProcessFixture fixture, RunningProgram server, string error)
    {
        var before = fixture.Snapshot();
        Assert.Equal(1, await server.ExitAsync());
        Assert.Matches(new Regex($"\\A{error}\\z"), server.Error);
        Assert.Equal("", server.Out);
        Assert.Equal(before, fixture.Snapshot());
    }
}
