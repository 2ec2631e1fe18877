using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary>Commands that ask questions at a terminal.</summary>
public sealed class WizardTests : IAsyncLifetime
{
    private const string Key = "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001";

    private const string Other = "sk-ant-api03-FAKE-KEY-TWO-00000000000000000002";

    private readonly Terminal _terminal = new();
    private readonly Keyboard _keyboard = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script.On<OnboardRequest>(request => request.SetupToken?.Token.Length < 80
            ? throw Script.InvalidField("setup_token.token", "Token looks too short; paste the full setup-token")
            : new OnboardResponse
            {
                AgentId = "main",
                ProfileId = "anthropic:x",
                Type = CredentialType.ApiKey,
                ConfigPath = "/c",
            });
        _terminal.Script.On<PasteTokenRequest>(_ => new PasteTokenResponse
        {
            ProfileId = "anthropic:manual",
            Provider = "anthropic",
            ConfigPath = "/c",
        });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Typed_api_key_is_never_shown()
    {
        _keyboard.Press(ConsoleKey.Enter).Type(Key).Type("n");
        var run = await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(Key, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
        Assert.Contains("Anthropic API key", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Contains("Anthropic token (paste setup-token)", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Contains("Enter Anthropic API key " + new string('▪', Key.Length), _keyboard.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE", _keyboard.Screen + run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_setup_token_is_asked_for_again()
    {
        var token = "sk-ant-oat01-FAKE-" + new string('0', 80);
        _keyboard.Press(ConsoleKey.DownArrow).Press(ConsoleKey.Enter).Type("sk-ant-oat01-short").Type(token).Type("My Laptop")
            .Type("n");
        var run = await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Token looks too short; paste the full setup-token", _keyboard.Screen, StringComparison.Ordinal);
        var stored = _terminal.Script.Requests.OfType<OnboardRequest>().Last();
        Assert.Equal((token, "anthropic:my-laptop"), (stored.SetupToken.Token, stored.ProfileId));
    }

    [Fact]
    public async Task Blank_answer_is_asked_for_again_without_a_call()
    {
        _keyboard.Type(" ").Type(Key).Type("n");
        await _terminal.RunAsync(["onboard", "--auth-choice", "apiKey"], keyboard: _keyboard);
        Assert.Contains("Required", _keyboard.Screen, StringComparison.Ordinal);
        _terminal.Script.Single<OnboardRequest>();
    }

    [Theory]
    [InlineData("y", Key)]
    [InlineData("n", Other)]
    public async Task Key_of_the_environment_is_offered_by_its_ends(string answer, string stored)
    {
        _terminal.Environment["ANTHROPIC_API_KEY"] = Key;
        _keyboard.Type(answer);
        if (answer == "n")
            _keyboard.Type(Other);
        _keyboard.Type("n");
        await _terminal.RunAsync(["onboard", "--auth-choice", "apiKey"], keyboard: _keyboard);
        Assert.Contains("Use existing ANTHROPIC_API_KEY (env, sk-a…0001)?", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(stored, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
    }

    [Fact]
    public async Task Non_interactive_never_asks() =>
        Assert.Equal(1, (await _terminal.RunAsync(["onboard", "--non-interactive"], keyboard: _keyboard)).ExitCode);

    [Fact]
    public async Task Paste_token_masks_the_input()
    {
        _keyboard.Type("FAKE-token");
        var run = await _terminal.RunAsync(["models", "auth", "paste-token", "--provider", "anthropic"], keyboard: _keyboard);
        Assert.Equal(new Run(0, "Updated /c\nAuth profile: anthropic:manual (anthropic/token)\n", ""), run);
        Assert.Contains("Paste token for anthropic", _keyboard.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal("FAKE-token", _terminal.Script.Single<PasteTokenRequest>().Token);
    }

    [Theory]
    [InlineData("y", "Removed auth profile: anthropic:work\n", 1)]
    [InlineData("n", "Cancelled.\n", 0)]
    public async Task Delete_asks_for_confirmation(string answer, string said, int deletions)
    {
        _terminal.HasStatus(new AgentStatus());
        _terminal.Script.On<DeleteProfileRequest>(_ => new DeleteProfileResponse());
        _keyboard.Type(answer);
        var run = await _terminal.RunAsync(["models", "auth", "logout", "anthropic:work"], keyboard: _keyboard);
        Assert.Equal(new Run(0, said, ""), run);
        Assert.Equal(deletions, _terminal.Script.Requests.OfType<DeleteProfileRequest>().Count());
    }

    [Theory]
    [InlineData(ConsoleKey.Escape, '\u001b')]
    [InlineData(ConsoleKey.D, '\u0004')]
    public async Task Esc_and_Ctrl_D_end_a_question_with_one_line(ConsoleKey key, char character)
    {
        foreach (var before in new Action[]
        {
            () => { },
            () => _keyboard.Press(ConsoleKey.Enter),
            () => _keyboard.Press(ConsoleKey.Enter).Type(Key),
        })
        {
            before();
            _keyboard.Press(key, character);
            var run = await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
            Assert.Equal(new Run(1, "", "Cancelled; nothing was changed.\n"), run);
        }

        Assert.Empty(_terminal.Script.Requests.OfType<OnboardRequest>());
    }

    [Fact]
    public async Task Interrupted_question_exits_130_with_one_line()
    {
        using var pressed = new CancellationTokenSource();
        _keyboard.Interrupt(pressed);
        Assert.Equal(
            new Run(130, "", "Cancelled; nothing was changed.\n"),
            await _terminal.RunAsync(["onboard"], keyboard: _keyboard, cancellation: pressed.Token));
    }

    [Fact]
    public async Task Wizard_names_server_agent_and_next_step()
    {
        _terminal.HasStatus(Has("anthropic:old", CredentialType.ApiKey));
        _keyboard.Press(ConsoleKey.Enter).Type(Key).Type("n");
        await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Contains($"Server: unix:{_terminal.SocketPath}", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Contains("Agent: work, which has anthropic:old (api_key)", _keyboard.Screen, StringComparison.Ordinal);
        Assert.EndsWith("Next: claw complete \"Say hello.\"\n", _keyboard.Screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sk-ant-admin01-FAKE-00000000000000000000000000", "This is an admin key, which cannot call models")]
    [InlineData("sk-ant-oat01-FAKE-00000000000000000000000000", "This is a setup-token, not an API key")]
    public async Task Key_of_another_form_is_refused_at_its_prompt(string typed, string said)
    {
        _keyboard.Press(ConsoleKey.Enter).Type(typed).Type(Key).Type("n");
        await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Contains(said, _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(Key, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
    }

    [Theory]
    [InlineData("y", "FAKE-gateway-key")]
    [InlineData("n", Key)]
    public async Task Key_of_unknown_form_is_used_only_after_a_yes(string answer, string stored)
    {
        _keyboard.Press(ConsoleKey.Enter).Type("FAKE-gateway-key").Type(answer);
        if (answer == "n")
            _keyboard.Type(Key);
        _keyboard.Type("n");
        await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Equal(stored, _terminal.Script.Single<OnboardRequest>().ApiKey.Key);
    }

    [Fact]
    public async Task Secret_is_never_a_name()
    {
        var token = "sk-ant-oat01-FAKE-" + new string('0', 80);
        _keyboard.Press(ConsoleKey.DownArrow).Press(ConsoleKey.Enter).Type(token).Type(token).Type("laptop").Type("n");
        await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Contains("This looks like a secret, and this is the place for a name", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal("anthropic:laptop", _terminal.Script.Single<OnboardRequest>().ProfileId);
    }

    [Theory]
    [InlineData("onboard", "--anthropic-api-key", Key, "--profile-id", Key)]
    [InlineData("onboard", "--token", "t", "--token-profile-id", "anthropic:sk-ant-oat01-FAKE-0000")]
    [InlineData("models", "auth", "paste-token", "--provider", "anthropic", "--profile-id", Key)]
    public async Task Secret_is_never_taken_as_a_profile_id(params string[] arguments)
    {
        var run = await _terminal.ClawAsync(arguments);
        Assert.Equal(
            new Run(
                1, "",
                "Error: This looks like a secret, and this is the place for a name, which everybody may see. "
                + "Nothing was stored.\n"),
            run);
        Assert.Empty(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("y", "")]
    [InlineData("n", "anthropic:spare")]
    public async Task Credential_of_another_kind_is_replaced_only_after_a_yes(string answer, string profileId)
    {
        _terminal.HasStatus(Has("anthropic:default", CredentialType.Token));
        _keyboard.Press(ConsoleKey.Enter).Type(Key).Type(answer);
        if (answer == "n")
            _keyboard.Type("Spare");
        _keyboard.Type("n");
        await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Contains(
            "anthropic:default has a token. Replace it with an API key?", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(profileId, _terminal.Script.Single<OnboardRequest>().ProfileId);
    }

    [Fact]
    public async Task Replaced_kind_is_said_without_a_terminal()
    {
        _terminal.HasStatus(Has("anthropic:x", CredentialType.Token));
        var run = await _terminal.ClawAsync("onboard", "--anthropic-api-key", Key, "--profile-id", "anthropic:x");
        Assert.Equal((0, "Note: anthropic:x had a token, which an API key replaced.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Login_of_Claude_Code_is_offered_where_there_is_one()
    {
        _terminal.Environment["CLAUDE_CONFIG_DIR"] = _terminal.FilePath("claude");
        Directory.CreateDirectory(_terminal.FilePath("claude"));
        await File.WriteAllTextAsync(_terminal.FilePath("claude/.credentials.json"), "{}");
        _keyboard.Press(ConsoleKey.DownArrow).Press(ConsoleKey.DownArrow).Press(ConsoleKey.Enter);
        Assert.Equal(0, (await _terminal.RunAsync(["onboard"], keyboard: _keyboard)).ExitCode);
        Assert.Contains("Login of Claude Code (", _keyboard.Screen, StringComparison.Ordinal);
        Assert.NotNull(_terminal.Script.Single<OnboardRequest>().ClaudeCli);
    }

    [Fact]
    public async Task Key_that_Anthropic_refuses_is_asked_for_again()
    {
        _terminal.Script.On<OnboardRequest>(request => request.ApiKey.Key == Key
            ? throw Script.Failure(StatusCode.FailedPrecondition, ErrorReason.CredentialRejected, "Anthropic did not take it: no")
            : new OnboardResponse { ProfileId = "anthropic:default", Type = CredentialType.ApiKey, ConfigPath = "/c" });
        _keyboard.Press(ConsoleKey.Enter).Type(Key).Type("y").Type(Other).Type("y");
        var run = await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Equal((0, "Anthropic takes it.\n"), (run.ExitCode, run.Error));
        Assert.Contains("Anthropic did not take it: no", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(
            [(Key, true), (Other, true), (Other, false)],
            _terminal.Script.Requests.OfType<OnboardRequest>().Select(request => (request.ApiKey.Key, request.ValidateOnly)));
    }

    [Theory]
    [InlineData("y", 0)]
    [InlineData("n", 1)]
    public async Task Key_that_cannot_be_checked_is_stored_only_after_a_yes(string answer, int exitCode)
    {
        _terminal.Script.On<OnboardRequest>(request => request.ValidateOnly
            ? throw Script.Failure(StatusCode.Unavailable, ErrorReason.ServerError, "Anthropic did not take it: no connection")
            : new OnboardResponse { ProfileId = "anthropic:default", Type = CredentialType.ApiKey, ConfigPath = "/c" });
        _keyboard.Press(ConsoleKey.Enter).Type(Key).Type("y").Type(answer);
        if (answer == "n")
            _keyboard.Press(ConsoleKey.Escape);
        Assert.Equal(exitCode, (await _terminal.RunAsync(["onboard"], keyboard: _keyboard)).ExitCode);
        Assert.Equal(
            answer == "y" ? 1 : 0, _terminal.Script.Requests.OfType<OnboardRequest>().Count(request => !request.ValidateOnly));
    }

    [Fact]
    public async Task Verify_without_a_terminal_stores_nothing_that_Anthropic_refuses()
    {
        _terminal.Script.On<OnboardRequest>(
            _ => throw Script.Failure(
                StatusCode.FailedPrecondition, ErrorReason.CredentialRejected, "Anthropic did not take it: no."));
        Assert.Equal(
            new Run(1, "", "Error: Anthropic did not take it: no. Nothing was stored.\n"),
            await _terminal.ClawAsync("onboard", "--verify", "--anthropic-api-key", Key));
        Assert.True(_terminal.Script.Single<OnboardRequest>().ValidateOnly);
    }

    private static AgentStatus Has(string profileId, CredentialType type) => new()
    {
        AgentId = "work",
        Auth = new AuthStatus { Profiles = { new ProfileStatus { ProfileId = profileId, Type = type } } },
    };
}
