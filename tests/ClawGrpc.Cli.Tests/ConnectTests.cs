using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw connect</c>.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ConnectTests : IAsyncLifetime
{
    private const string Secret = "claw_abcdefghijkl_FAKE000000000000000000000000000000000000000_abcdef";
    private const string Renewed = "claw_abcdefghijkl_FAKE000000000000000000000000000000000000001_abcdef";
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        Serves("http://127.0.0.1:8787");
        var token = new ClientToken { TokenId = "abcdefghijkl" };
        _terminal.Script.On<ListAgentsRequest>(_ => new ListAgentsResponse
        {
            Agents = { new Agent { AgentId = "ops" }, new Agent { AgentId = "main", DefaultAgent = true } },
        });
        _terminal.Script.On<AddClientRequest>(request => new AddClientResponse { Client = request.Client });
        _terminal.Script.On<CreateTokenRequest>(_ => new CreateTokenResponse { Secret = Secret, Token = token });
        _terminal.Script.On<RotateTokenRequest>(_ => new RotateTokenResponse { Secret = Renewed, Token = token });
        _terminal.HasStatus(new AgentStatus { ConfigPath = "/srv/clawgrpc/openclaw.json" });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Settings_go_to_standard_output_with_a_token_of_a_client_that_may_use_one_agent()
    {
        var run = await _terminal.ClawAsync("connect", "claude-code");
        Assert.Equal(0, run.ExitCode);
        var env = JsonNode.Parse(run.Out)!["env"]!.AsObject();
        Assert.Equal(
            [("ANTHROPIC_BASE_URL", "http://127.0.0.1:8787"), ("ANTHROPIC_AUTH_TOKEN", Secret)],
            env.Select(each => (each.Key, (string)each.Value!)));
        Assert.Contains("Put this into /srv/u/.claude/settings.json"[..13], run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, run.Error, StringComparison.Ordinal);
        Assert.Equal(
            new V1.Client { Name = "claude-code", Scopes = { Scope.Complete, Scope.Status }, Agents = { "main" } },
            _terminal.Script.Single<AddClientRequest>().Client);
        Assert.Equal("claude-code", _terminal.Script.Single<CreateTokenRequest>().Client);
    }

    [Fact]
    public async Task What_is_in_the_file_stays()
    {
        var path = _terminal.FilePath("settings.json");
        await File.WriteAllTextAsync(path, """
            {
                // Mine.
                "model": "opus",
                "env": { "FOO": "1" },
            }
            """);
        var run = await WriteAsync("claude-code", path);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            $$"""
            {
                // Mine.
                "model": "opus",
                "env": { "FOO": "1", "ANTHROPIC_BASE_URL": "http://127.0.0.1:8787", "ANTHROPIC_AUTH_TOKEN": "{{Secret}}" },
            }

            """,
            await File.ReadAllTextAsync(path));
        Assert.Equal("", run.Out);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Token_of_before_is_rotated_and_not_joined_by_another()
    {
        var path = _terminal.FilePath("settings.json");
        await WriteAsync("claude-code", path);
        await WriteAsync("claude-code", path);
        Assert.Equal("abcdefghijkl", _terminal.Script.Single<RotateTokenRequest>().TokenId);
        _terminal.Script.Single<CreateTokenRequest>();
        Assert.Contains(Renewed, await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_that_the_server_does_not_know_is_replaced()
    {
        var path = _terminal.FilePath(".env");
        await File.WriteAllTextAsync(path, $"export ANTHROPIC_AUTH_TOKEN={Secret}\n");
        _terminal.Script.On<RotateTokenRequest>(_ => throw Script.Failure(StatusCode.NotFound, ErrorReason.TokenNotFound, "No."));
        Assert.Equal(0, (await WriteAsync("sdk", path)).ExitCode);
        _terminal.Script.Single<CreateTokenRequest>();
    }

    [Fact]
    public async Task Variables_are_set_line_by_line()
    {
        var path = _terminal.FilePath(".env");
        await File.WriteAllTextAsync(path, "A=1\nexport ANTHROPIC_BASE_URL=https://old\n# note\n");
        Assert.Equal(0, (await WriteAsync("sdk", path)).ExitCode);
        Assert.Equal(
            $"A=1\nexport ANTHROPIC_BASE_URL=http://127.0.0.1:8787\n# note\nANTHROPIC_AUTH_TOKEN={Secret}\n",
            await File.ReadAllTextAsync(path));
        var run = await _terminal.ClawAsync("connect", "sdk");
        Assert.Equal($"ANTHROPIC_BASE_URL=http://127.0.0.1:8787\nANTHROPIC_AUTH_TOKEN={Secret}\n", run.Out);
    }

    [Fact]
    public async Task OpenClaw_gets_a_provider()
    {
        var path = _terminal.FilePath("openclaw.json");
        await File.WriteAllTextAsync(path,
            "{ agents: { defaults: {} }, models: { providers: { anthropic: { apiKey: 'old' } } } }");
        Assert.Equal(0, (await WriteAsync("openclaw", path)).ExitCode);
        Assert.Equal(
            "{ agents: { defaults: {} }, models: { providers: { anthropic: { apiKey: '" + Secret
            + "', baseUrl: 'http://127.0.0.1:8787', api: 'anthropic-messages', models: [] } } } }\n",
            await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task Server_is_not_made_to_call_itself()
    {
        var path = _terminal.FilePath("openclaw.json");
        await File.WriteAllTextAsync(path, "{}");
        var link = _terminal.FilePath("link.json");
        File.CreateSymbolicLink(link, path);
        _terminal.HasStatus(new AgentStatus { ConfigPath = path });
        foreach (var file in new[] { path, link })
        {
            var run = await WriteAsync("openclaw", file);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("would call itself", run.Error, StringComparison.Ordinal);
            Assert.Equal("{}", await File.ReadAllTextAsync(path));
        }

        Assert.Empty(_terminal.Script.Requests.OfType<CreateTokenRequest>());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{ env: 1 }")]
    [InlineData("{ \"env\": {")]
    public async Task File_that_cannot_be_edited_costs_no_token(string settings)
    {
        var path = _terminal.FilePath("settings.json");
        await File.WriteAllTextAsync(path, settings);
        var run = await WriteAsync("claude-code", path);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains(path, run.Error, StringComparison.Ordinal);
        Assert.Equal(settings, await File.ReadAllTextAsync(path));
        Assert.Empty(_terminal.Script.Requests.OfType<CreateTokenRequest>());
    }

    [Fact]
    public async Task Link_to_the_settings_stays_a_link()
    {
        var path = _terminal.FilePath("dotfiles.json");
        await File.WriteAllTextAsync(path, "{}");
        var link = _terminal.FilePath("settings.json");
        File.CreateSymbolicLink(link, path);
        Assert.Equal(0, (await WriteAsync("claude-code", link)).ExitCode);
        Assert.Equal(path, File.ResolveLinkTarget(link, returnFinalTarget: true)!.FullName);
        Assert.Contains(Secret, await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "Start it with --http")]
    [InlineData("unix:/run/clawgrpc/http.sock", "Start it with --http")]
    [InlineData("https://0.0.0.0:8787", "Pass --url")]
    public async Task Server_without_a_port_for_it_is_told(string? address, string expected)
    {
        Serves(address);
        var run = await _terminal.ClawAsync("connect", "claude-code");
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://claw.example:8787/", 0, "https://claw.example:8787")]
    [InlineData("https://claw.example:8787/anthropic", 0, "https://claw.example:8787/anthropic")]
    [InlineData("https://claw.example:8787/v1", 1, "leave out /v1")]
    [InlineData("claw.example", 1, "expected http://HOST:PORT")]
    public async Task Url_can_be_given(string url, int exitCode, string expected)
    {
        Serves(null);
        var run = await _terminal.ClawAsync("connect", "sdk", "--url", url);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(expected, run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_there_is_keeps_what_it_may_do()
    {
        _terminal.Script.On<AddClientRequest>(
            _ => throw Script.Failure(StatusCode.AlreadyExists, ErrorReason.ClientExists, "No."));
        var run = await _terminal.ClawAsync("connect", "sdk", "--client", "ci", "--ttl", "2h", "--agent", "ops");
        Assert.Equal(0, run.ExitCode);
        var request = _terminal.Script.Single<CreateTokenRequest>();
        Assert.Equal(("ci", Duration.FromTimeSpan(TimeSpan.FromHours(2))), (request.Client, request.Ttl));
        Assert.Equal(["ops"], _terminal.Script.Single<AddClientRequest>().Client.Agents);
        Assert.Empty(_terminal.Script.Requests.OfType<UpdateClientRequest>());
    }

    private Task<Run> WriteAsync(string client, string path) =>
        _terminal.ClawAsync("connect", client, "--write", "--file", path);

    private void Serves(string? address)
    {
        var response = new GetServerResponse();
        response.Listeners.Add(new Listener { Address = "unix:/run/x.sock", Face = ListenerFace.Grpc });
        if (address is not null)
            response.Listeners.Add(new Listener { Address = address, Face = ListenerFace.Messages });
        _terminal.Script.On<GetServerRequest>(_ => response);
    }
}
