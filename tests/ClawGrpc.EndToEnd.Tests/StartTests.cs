using System.Diagnostics;
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
            $"Error: Another clawgrpc server \\(process {first.Id}\\) works on the state folder {fixture.State}\\. "
                + $"Its lock is {fixture.State}/clawgrpc\\.lock\\.\n");
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

    [Fact]
    public async Task An_unusable_upstream_of_the_environment_is_named_as_such()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ConfigureAsync("{}");
        await RefusedAsync(
            fixture, fixture.Server(new Dictionary<string, string> { ["ANTHROPIC_BASE_URL"] = "localhost:8080" }),
            "Error: Invalid environment:\n- ANTHROPIC_BASE_URL: Invalid URL[^\n]+ \\(environment\\)\n");
    }

    [Theory]
    [InlineData("http://[::ffff:127.0.0.1]:0")]
    [InlineData("http://[::ffff:7f00:2]:0")]
    public async Task A_loopback_address_of_version_4_in_one_of_6_is_served(string address)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync("--listen", address);
        Assert.StartsWith("clawgrpc ready on http://127.0.0.", server.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_cannot_be_bound_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await RefusedAsync(
            fixture, fixture.Server("--listen", "http://127.0.0.1:0", "--listen", "unix:/proc/claw.sock"),
            "Error: Failed to bind to address unix:/proc/claw\\.sock: [^\n]+\\. Choose another --listen\\.\n");
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("link to nothing")]
    [InlineData("device")]
    public async Task A_lock_that_is_no_regular_file_is_refused(string what)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var path = Path.Join(fixture.State, "clawgrpc.lock");
        await PutAsync(what, path);
        var server = fixture.Server();
        Assert.Equal(1, await server.ExitAsync());
        Assert.Equal(
            $"Error: The state folder {fixture.State} cannot be used, since its lock {path} cannot be taken: it is not a regular "
            + "file; remove it.\n", server.Error);
    }

    [Theory]
    [InlineData("pipe", "it is not a regular file")]
    [InlineData("device", "it is not a regular file")]
    [InlineData("link to nothing", "it is a link to a file that does not exist")]
    public async Task A_configuration_that_is_no_regular_file_is_refused(string what, string why)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var path = Path.Join(fixture.State, "clawgrpc.json");
        File.Delete(path);
        await PutAsync(what, path);
        var server = fixture.Server();
        Assert.Equal(1, await server.ExitAsync());
        Assert.StartsWith($"Error: Invalid config at {path}:\n- ", server.Error, StringComparison.Ordinal);
        Assert.Contains(why, server.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file", "is not a folder")]
    [InlineData("link to nothing", "is a link that leads to no folder")]
    public async Task A_state_folder_that_cannot_be_made_is_refused(string what, string why)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var path = fixture.State;
        Directory.Delete(path, recursive: true);
        await PutAsync(what, path);
        var server = fixture.Server();
        Assert.Equal(1, await server.ExitAsync());
        Assert.Equal($"Error: The state folder {path} cannot be used: {path} {why}.\n", server.Error);
    }

    [Theory]
    [InlineData("", "770")]
    [InlineData("", "702")]
    [InlineData("", "1777")]
    [InlineData("agents", "775")]
    [InlineData("agents/work", "777")]
    [InlineData("agents/work/agent", "777")]
    public async Task Folder_that_others_can_write_is_refused_with_the_remedy(string name, string mode)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        Directory.CreateDirectory(Path.Join(fixture.State, "agents/work/agent"));
        var folder = Path.TrimEndingDirectorySeparator(Path.Join(fixture.State, name));
        var before = File.GetUnixFileMode(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32(mode, 8));
        await RefusedAsync(
            fixture, fixture.Server(),
            $"Error: The folder {folder} can be written by others than its owner \\(mode {mode}\\)[^\n]+: chmod go-w {folder}\n");
        File.SetUnixFileMode(folder, before);
        await fixture.ServeAsync();
    }

    [Fact]
    public async Task Configured_folder_that_others_can_write_is_refused()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var folder = Path.Join(fixture.Path, "work");
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("777", 8));
        await fixture.ConfigureAsync($"{{ agents: {{ list: [{{ id: 'work', agentDir: '{folder}' }}] }} }}");
        await RefusedAsync(fixture, fixture.Server(), $"Error: The folder {folder} can be written[^\n]+: chmod go-w {folder}\n");
    }

    [Theory]
    [InlineData("home/deep/state")]
    [InlineData("home/link/state")]
    public async Task Folder_above_the_state_that_others_can_write_is_refused(string name)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var home = Path.Join(fixture.Path, "home");
        Directory.CreateDirectory(home);
        Directory.CreateSymbolicLink(Path.Join(home, "link"), fixture.Path);
        File.SetUnixFileMode(home, (UnixFileMode)Convert.ToInt32("777", 8));
        await RefusedAsync(
            fixture, Start(),
            $"Error: The folder {home} can be written by others than its owner \\(mode 777\\)[^\n]+: chmod go-w {home}\n");
        Assert.False(Directory.Exists(Path.Join(home, "deep")));

        // Where the sticky bit is set, others cannot replace what is there.
        File.SetUnixFileMode(home, (UnixFileMode)Convert.ToInt32("1777", 8));
        await Start().LineWithAsync("clawgrpc ready on ");

        RunningProgram Start() => fixture.Keep(RunningProgram.Start(
            "ClawGrpc.Server", "clawgrpc", new Dictionary<string, string>(), ["--state-dir", Path.Join(fixture.Path, name)]));
    }

    [Theory]
    [InlineData("CLAWGRPC_CONFIG_PATH", "777")]
    [InlineData("OPENCLAW_CONFIG_PATH", "720")]
    public async Task Folder_of_a_configuration_that_others_can_write_is_refused(string variable, string mode)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var folder = Path.Join(fixture.Path, "etc");
        Directory.CreateDirectory(Path.Join(folder, "deep"));
        await File.WriteAllTextAsync(Path.Join(folder, "deep/openclaw.json"), "{}");
        var environment = new Dictionary<string, string> { [variable] = Path.Join(folder, "deep/openclaw.json") };
        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32(mode, 8));
        await RefusedAsync(
            fixture, fixture.Server(environment),
            $"Error: The folder {folder} can be written by others than its owner \\(mode {mode}\\)[^\n]+: chmod go-w {folder}\n");
        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("755", 8));
        await fixture.ServeAsync(environment);
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

    // What is there in place of a file.
    private static async Task PutAsync(string what, string path)
    {
        switch (what)
        {
            case "pipe":
                using (var mkfifo = Process.Start("mkfifo", [path]))
                    await mkfifo.WaitForExitAsync();
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "file":
                await File.WriteAllTextAsync(path, "");
                break;
            default:
                File.CreateSymbolicLink(path, what == "device" ? "/dev/zero" : "/nonexistent/target");
                break;
        }
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
