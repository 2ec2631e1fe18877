using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>A start that cannot be: one clear error, and nothing changed.</summary>
public class StartTests
{
    [Theory]
    [InlineData("{ agents: [oops }", ":1:12", "")]
    [InlineData("{\n  auth: { profiles: { 'anthropic:one': { provider: 'anthropic', mode: 'nonsense' } } },\n}", ":2:71",
        "auth.profiles.anthropic:one.mode: Invalid input")]
    [InlineData("{ agents: { defaults: { model: 7 } } }", ":1:32", "agents.defaults.model: Invalid input")]
    [InlineData("{ unheardOf: true }", ":1:3", "<root>: Unrecognized key: \"unheardOf\"")]
    [InlineData("{ env: { A: '${CLAWGRPC_TEST_NOT_SET}' } }", ":1:13", "CLAWGRPC_TEST_NOT_SET")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: 'not a url', models: [] } } } }", ":1:48",
        "models.providers.anthropic.baseUrl: Invalid URL")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: 'file:///etc/passwd', models: [] } } } }", ":1:48",
        "models.providers.anthropic.baseUrl: Invalid URL")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: 'https://me:FAKE-password@host', models: [] } } } }", ":1:48",
        "models.providers.anthropic.baseUrl: Invalid URL")]
    [InlineData("{ models: { providers: { anthropic: { baseUrl: 'https://host/?key=FAKE-password', models: [] } } } }", ":1:48",
        "models.providers.anthropic.baseUrl: Invalid URL")]
    [InlineData("{ clawgrpc: { timeouts: { firstEventSeconds: -1 } } }", ":1:46",
        "clawgrpc.timeouts.firstEventSeconds: Too small: expected number to be >0")]
    public async Task Unusable_configuration_is_refused_with_file_and_position(string json5, string place, string problem)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, json5);
        var before = fixture.Files.Snapshot();
        var refused = await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.StartsWith($"Invalid config at {fixture.Files.ConfigPath}:\n- ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith($" ({fixture.Files.ConfigPath}{place})", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE-password", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Files.Snapshot());
    }

    [Fact]
    public void Snapshot_of_a_server_with_files_is_refused() => Assert.Contains("--store postgres", Assert.Throws<StartException>(
        () => StateSource.Of(new CommandLine(null, []) { KeepsSnapshot = true }, static _ => null)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("{ env: { ANTHROPIC_BASE_URL: 'localhost:8080' } }")]
    [InlineData("{ env: { vars: { ANTHROPIC_BASE_URL: 'http://me:FAKE-password@localhost' } } }")]
    public async Task An_upstream_of_the_environment_is_checked_too(string json5)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, json5);
        var refused = await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.Contains("env.ANTHROPIC_BASE_URL: Invalid URL", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE-password", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_of_a_configuration_come_at_once()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(
            fixture.Files.ConfigPath, "{\n  one: 1,\n  two: 2,\n  clawgrpc: { limits: { attempts: 0.5 } },\n}");
        var refused = await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.Equal(4, refused.Message.Split('\n').Length);
    }

    [Fact]
    public async Task Without_a_configuration_the_server_starts()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.StartServerAsync();
        Assert.Equal("anthropic/claude-opus-4-6", (await fixture.StatusAsync()).ResolvedDefault);
    }

    [Theory]
    [InlineData("http://0.0.0.0:1")]
    [InlineData("http://[::]:1")]
    [InlineData("http://192.0.2.1:1")]
    [InlineData("http://example.com:1")]
    [InlineData("http://127.0.0.1.example.com:1")]
    [InlineData("https://127.0.0.1:1/path")]
    [InlineData("https://name.invalid:1")]
    [InlineData("http://127.0.0.1:1/path")]
    [InlineData("tcp://127.0.0.1:1")]
    [InlineData("127.0.0.1:1")]
    [InlineData("unix:")]
    [InlineData("http://me@127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1/#here")]
    [InlineData("http://[::ffff:192.0.2.1]:1")]
    [InlineData("")]
    public void Invalid_or_non_local_address_is_refused(string text)
    {
        var (addresses, error) = ListenAddress.Parse(text, "--listen");
        Assert.Empty(addresses);
        Assert.StartsWith($"--listen {text}: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:/run/claw.sock", "unix:/run/claw.sock")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData("http://127.8.9.10:80", "http://127.8.9.10:80")]
    [InlineData("http://localhost:7000", "http://127.0.0.1:7000")]
    [InlineData("http://[::1]:7000", "http://[::1]:7000")]
    [InlineData("http://[::ffff:127.0.0.1]:7000", "http://127.0.0.1:7000")]
    [InlineData("http://[::ffff:7f08:90a]:7000", "http://127.8.9.10:7000")]
    [InlineData("https://127.0.0.1:1", "https://127.0.0.1:1")]
    [InlineData("https://0.0.0.0:7443", "https://0.0.0.0:7443")]
    [InlineData("https://[::]:7443", "https://[::]:7443")]
    [InlineData("https://localhost:7443", "https://localhost:7443")]
    [InlineData("https://192.0.2.1", "https://192.0.2.1:443")]
    public void Sockets_loopback_addresses_and_tls_are_taken(string text, string address) =>
        Assert.Equal(address, $"{ListenAddress.Parse(text, "--listen").Addresses[0]}");

    [Fact]
    public void A_path_that_is_too_long_for_a_socket_is_refused() =>
        Assert.Contains(
            "107 bytes", ListenAddress.Parse("unix:/" + new string('s', 107), "--listen").Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("file")]
    [InlineData("empty file")]
    [InlineData("folder")]
    [InlineData("link to a file")]
    public async Task File_at_the_socket_path_is_kept_unless_it_is_a_socket(string what)
    {
        using var folder = new TestFolder();
        await using var fixture = await ServerFixture.PrepareAsync();
        var path = fixture.Files["clawgrpc.sock"];
        switch (what)
        {
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "link to a file":
                await File.WriteAllTextAsync(folder["precious"], "precious");
                File.CreateSymbolicLink(path, folder["precious"]);
                break;
            default:
                await File.WriteAllTextAsync(path, what == "file" ? "precious" : "");
                break;
        }

        var refused = await Assert.ThrowsAsync<StartException>(fixture.StartServerAsync);
        Assert.Contains($"unix:{path} is in use by another program, or is no socket.", refused.Message, StringComparison.Ordinal);
        Assert.True(Path.Exists(path));
    }

    [Fact]
    public async Task A_socket_that_somebody_listens_on_is_not_taken_away()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var refused = await Assert.ThrowsAsync<StartException>(fixture.StartServerAsync);
        Assert.Contains("is in use by another program", refused.Message, StringComparison.Ordinal);
        await fixture.StatusAsync();
    }
}
