using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models auth list</c> and <c>paste-api-key</c>.</summary>
public sealed class AuthListTests : IAsyncLifetime
{
    private const string Key = "sk-ant-api03-FAKE-KEY";

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Theory]
    [InlineData("auth-list.txt")]
    [InlineData("auth-list.json", "--json")]
    [InlineData("auth-list-provider.json", "--json", "--provider", "openai")]
    public async Task List_matches_its_file(string golden, params string[] options)
    {
        var status = Samples.Rich(_terminal.Time.GetUtcNow());
        status.Auth.Profiles[0].Mask = "sk-ant-a...00000001";
        status.Auth.Profiles[0].OrderPosition = 1;
        status.Auth.Profiles.Add(new ProfileStatus
        {
            ProfileId = "openai:default",
            Provider = "openai",
            Type = CredentialType.ApiKey,
            Expiry = ExpiryState.Static,
            Label = "openai:default",
            Mask = "missing",
        });
        _terminal.HasStatus(status);
        var run = await _terminal.ClawAsync(["models", "auth", "list", "--agent", "main", .. options]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
    }

    [Fact]
    public async Task Agent_without_profiles_is_told_how_to_add_one()
    {
        _terminal.HasStatus(new AgentStatus { AgentId = "main", Auth = new AuthStatus { StorePath = "/srv/u/x.json" } });
        Assert.Equal(
            "Agent: main\nAuth file: ~/x.json\nProfiles (0):\n- none; add one: claw onboard\n",
            (await _terminal.ClawAsync("models", "auth", "list")).Out);
    }

    [Theory]
    [InlineData("anthropic:manual")]
    [InlineData("anthropic:work", "--provider", "anthropic", "--profile-id", " anthropic:work ")]
    public async Task Key_comes_from_standard_input(string id, params string[] options)
    {
        Takes();
        var run = await _terminal.RunAsync(["models", "auth", "paste-api-key", .. options], input: Key + "\n");
        Assert.Equal(
            new Run(0, $"Updated ~/.clawgrpc/clawgrpc.json\nAuth profile: {id} (anthropic/api_key)\n", ""), run);
        Assert.Equal(
            new OnboardRequest { ProfileId = id, ApiKey = new ApiKeyCredential { Key = Key } },
            _terminal.Script.Single<OnboardRequest>());
    }

    [Fact]
    public async Task Key_is_verified_before_it_is_stored()
    {
        Takes();
        var run = await _terminal.RunAsync(["models", "auth", "paste-api-key", "--verify"], input: Key);
        Assert.Equal((0, "Anthropic takes it.\n"), (run.ExitCode, run.Error));
        Assert.Equal([true, false], _terminal.Script.Requests.OfType<OnboardRequest>().Select(request => request.ValidateOnly));
    }

    [Fact]
    public async Task Key_that_Anthropic_refuses_is_not_stored()
    {
        _terminal.Script.On<OnboardRequest>(_ => throw Script.Failure(
            StatusCode.FailedPrecondition, ErrorReason.CredentialRejected, "invalid x-api-key"));
        var run = await _terminal.RunAsync(["models", "auth", "paste-api-key", "--verify"], input: Key);
        Assert.Equal(new Run(1, "", "Error: invalid x-api-key Nothing was stored.\n"), run);
        Assert.True(_terminal.Script.Single<OnboardRequest>().ValidateOnly);
    }

    [Fact]
    public async Task Credential_of_another_kind_is_replaced_only_after_a_yes()
    {
        Takes();
        var profile = new ProfileStatus { ProfileId = "anthropic:manual", Provider = "anthropic", Type = CredentialType.Token };
        _terminal.HasStatus(new AgentStatus { Auth = new AuthStatus { Profiles = { profile } } });
        var keyboard = new Keyboard().Type(Key).Keys("n");
        var run = await _terminal.RunAsync(["models", "auth", "paste-api-key"], keyboard: keyboard);
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(_terminal.Script.Requests.OfType<OnboardRequest>());
    }

    [Fact]
    public async Task Refused_key_is_asked_for_again_at_a_terminal()
    {
        Takes(refused: "short");
        var keyboard = new Keyboard().Type("short").Type(Key);
        var run = await _terminal.RunAsync(["models", "auth", "paste-api-key"], keyboard: keyboard);
        Assert.Equal((0, "Not a key\n"), (run.ExitCode, run.Error));
        Assert.DoesNotContain(Key, keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(2, _terminal.Script.Requests.OfType<OnboardRequest>().Count());
    }

    [Theory]
    [InlineData("short", "Not a key")]
    [InlineData("", "No API key on standard input.")]
    public async Task Refused_key_of_a_script_ends_the_command(string key, string problem)
    {
        Takes(refused: "short");
        Assert.Equal(
            new Run(1, "", $"Error: {problem}\n"),
            await _terminal.RunAsync(["models", "auth", "paste-api-key"], input: key));
    }

    [Fact]
    public async Task Key_as_an_argument_is_refused_and_not_repeated()
    {
        var run = await _terminal.ClawAsync("models", "auth", "paste-api-key", Key);
        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain(Key, run.Error, StringComparison.Ordinal);
    }

    private void Takes(string refused = "none") => _terminal.Script.On<OnboardRequest>(request =>
        request.ApiKey.Key == refused
            ? throw Script.InvalidField("api_key.key", "Not a key")
            : new OnboardResponse
            {
                ProfileId = request.ProfileId,
                Type = CredentialType.ApiKey,
                ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
            });
}
