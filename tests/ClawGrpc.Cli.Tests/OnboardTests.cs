using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw onboard</c> without a terminal: options, environment and standard input.</summary>
public sealed class OnboardTests : IAsyncLifetime
{
    private const string Key = "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001";
    private const string Token = "sk-ant-oat01-FAKE-TOKEN-ONE-00000000000000000000000000000000000000000000000000000000000001";

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script.On<OnboardRequest>(request => new OnboardResponse
        {
            AgentId = "main",
            ProfileId = request.ProfileId.Length > 0 ? request.ProfileId : "anthropic:default",
            Type = request.ApiKey is null ? CredentialType.Token : CredentialType.ApiKey,
            ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
        });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Api_key_alone_is_enough()
    {
        var run = await _terminal.ClawAsync("onboard", "--anthropic-api-key", Key);
        Assert.Equal(
            new Run(0, "Updated ~/.clawgrpc/clawgrpc.json\nAuth profile: anthropic:default (anthropic/api_key)\n", ""),
            run);
        Assert.Equal(
            new OnboardRequest { ApiKey = new ApiKeyCredential { Key = Key } },
            _terminal.Script.Single<OnboardRequest>());
    }

    [Theory]
    [InlineData("onboard", "--anthropic-api-key", "-")]
    [InlineData("onboard", "--anthropic-api-key=-", "--json")]
    public async Task Api_key_from_standard_input_is_never_shown(params string[] arguments)
    {
        var run = await _terminal.RunAsync(arguments, input: Key + "\n");
        Assert.Equal(Key, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
        Assert.DoesNotContain("FAKE", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("onboard", "--anthropic-api-key")]
    [InlineData("onboard", "--anthropic-api-key", "--non-interactive")]
    [InlineData("onboard", "--auth-choice", "apiKey")]
    [InlineData("onboard")]
    public async Task Api_key_is_read_from_the_environment(params string[] arguments)
    {
        _terminal.Environment["ANTHROPIC_API_KEY"] = $" {Key} ";
        Assert.Equal(0, (await _terminal.ClawAsync(arguments)).ExitCode);
        Assert.Equal(Key, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
    }

    [Fact]
    public async Task Recorded_OpenClaw_command_lines_work()
    {
        string[] gateway =
        [
            "onboard", "--non-interactive", "--accept-risk", "--mode", "local", "--skip-channels", "--skip-skills",
            "--skip-health", "--skip-ui", "--no-install-daemon", "--gateway-port", "18789", "--gateway-bind", "loopback",
            "--gateway-auth", "token", "--gateway-token", "fake",
            "--workspace", "/srv/u/ws",
        ];
        var apiKey = await _terminal.ClawAsync([.. gateway, "--auth-choice", "apiKey", "--anthropic-api-key", Key, "--json"]);
        Assert.Equal(0, apiKey.ExitCode);
        Assert.Contains("\"authChoice\": \"apiKey\"", apiKey.Out, StringComparison.Ordinal);
        Assert.StartsWith(
            "Note: ignored, there is no gateway or workspace to set up: --mode, --workspace, ",
            apiKey.Error,
            StringComparison.Ordinal);

        var token = await _terminal.ClawAsync(
            [
                .. gateway, "--auth-choice", "token", "--token-provider", "anthropic", "--token", Token, "--token-profile-id",
                "anthropic:sub", "--token-expires-in", "12h",
            ]);
        Assert.Equal("Updated ~/.clawgrpc/clawgrpc.json\nAuth profile: anthropic:sub (anthropic/token)\n", token.Out);
        var request = _terminal.Script.Requests.OfType<OnboardRequest>().Last();
        Assert.Equal(
            (Token, 43200L, "anthropic:sub"),
            (request.SetupToken.Token, request.SetupToken.ExpiresIn.Seconds, request.ProfileId));
    }

    [Fact]
    public async Task Json_summary_and_standard_error_have_the_notices()
    {
        _terminal.Script.On<OnboardRequest>(_ => new OnboardResponse
        {
            AgentId = "work",
            ProfileId = "anthropic:default",
            Type = CredentialType.Token,
            ConfigPath = "/etc/claw.json",
            Notices = { "Terms apply." },
        });
        var run = await _terminal.ClawAsync("onboard", "--token", Token, "--agent", "work", "--json");
        Golden.Matches("text/onboard.json", run.Out);
        Assert.Equal("Note: Terms apply.\n", run.Error);
        Assert.Equal("work", _terminal.Script.Single<OnboardRequest>().AgentId);
    }

    [Theory]
    [InlineData("Missing --token-provider for --auth-choice token.", "--auth-choice", "token", "--token", Token)]
    [InlineData(
        "Only --token-provider anthropic is supported for --auth-choice token.",
        "--auth-choice", "token", "--token-provider", "openai")]
    [InlineData("Missing --token for --auth-choice token.", "--auth-choice", "token", "--token-provider", "anthropic")]
    [InlineData("Missing --token for --auth-choice setup-token.", "--auth-choice", "setup-token")]
    [InlineData("Invalid --token-expires-in: Error: invalid duration: xyz", "--token", Token, "--token-expires-in", "xyz")]
    [InlineData("Invalid --mode \"nonsense\" (use local|remote).", "--mode", "local", "--mode", "nonsense")]
    [InlineData(
        "Unknown --auth-choice \"nonsense\". Valid choices: apiKey, setup-token, token, claude-cli, oauth",
        "--auth-choice", "nonsense")]
    public async Task Missing_options_fail_in_OpenClaws_words(string text, params string[] options)
    {
        Assert.Equal(new Run(1, "", text + "\n"), await _terminal.ClawAsync(["onboard", "--non-interactive", .. options]));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Existing_key_is_used_without_a_key()
    {
        _terminal.Script.On<OnboardRequest>(
            _ => throw Script.Failure(StatusCode.FailedPrecondition, ErrorReason.MissingCredentials, "There is no API key."));
        var missing = await _terminal.ClawAsync("onboard", "--auth-choice", "apiKey");
        Assert.Equal(
            new Run(1, "", "Missing --anthropic-api-key (or ANTHROPIC_API_KEY in env, or existing anthropic API-key profile).\n"),
            missing);

        _terminal.Script.On<OnboardRequest>(_ => new OnboardResponse
        {
            ProfileId = "anthropic:work",
            Type = CredentialType.ApiKey,
            ConfigPath = "/c",
        });
        Assert.Equal(
            new Run(
                0,
                "Updated /c\nAuth profile: anthropic:work (anthropic/api_key)\n",
                "Note: no key was given; anthropic:work has the one that is there.\n"),
            await _terminal.ClawAsync("onboard", "--auth-choice", "apiKey", "--anthropic-api-key", "  "));
        Assert.All(
            _terminal.Script.Requests.OfType<OnboardRequest>(),
            request => Assert.Equal(new OnboardRequest { ApiKey = new ApiKeyCredential { Existing = true } }, request));
    }

    [Fact]
    public async Task Line_breaks_of_a_pasted_key_are_removed()
    {
        await _terminal.RunAsync(["onboard", "--anthropic-api-key", "-"], input: "sk-ant-api03-FA\r\nKE\u2028-KEY\n");
        Assert.Equal("sk-ant-api03-FAKE-KEY", _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
    }

    [Fact]
    public async Task Expiry_applies_to_tokens_only()
    {
        Assert.Equal(
            0,
            (await _terminal.ClawAsync("onboard", "--anthropic-api-key", Key, "--token-expires-in", "soon")).ExitCode);
        Assert.Equal(
            "Missing --token for --auth-choice setup-token.\n",
            (await _terminal.ClawAsync("onboard", "--auth-choice", "setup-token", "--token-expires-in", "soon")).Error);
    }

    [Fact]
    public async Task Nothing_to_onboard_is_a_usage_error() => Assert.Equal(1, (await _terminal.ClawAsync("onboard")).ExitCode);

    [Fact]
    public async Task Refused_option_prints_the_servers_description()
    {
        _terminal.Script.On<OnboardRequest>(
            _ => throw Script.InvalidField("setup_token.token", "Token looks too short; paste the full setup-token"));
        Assert.Equal(
            new Run(1, "", "Token looks too short; paste the full setup-token\n"),
            await _terminal.ClawAsync("onboard", "--token", "sk-ant-oat01-short", "--json"));
    }

    [Fact]
    public async Task Claude_cli_login_needs_no_secret()
    {
        await _terminal.ClawAsync("onboard", "--auth-choice", "claude-cli", "--profile-id", "anthropic:mine");
        Assert.Equal(
            new OnboardRequest { ProfileId = "anthropic:mine", ClaudeCli = new ClaudeCliCredential() },
            _terminal.Script.Single<OnboardRequest>());
    }
}
