using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary>Commands that ask questions at a terminal.</summary>
public sealed class WizardTests : IAsyncLifetime
{
    private const string Key = "sk-ant-api03-FAKE-KEY-ONE-00000000000000000001";

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
        _keyboard.Press(ConsoleKey.Enter).Type(Key);
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
        _keyboard.Press(ConsoleKey.DownArrow).Press(ConsoleKey.Enter).Type("sk-ant-oat01-short").Type("My Laptop").Type(token);
        var run = await _terminal.RunAsync(["onboard"], keyboard: _keyboard);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Token looks too short; paste the full setup-token", _keyboard.Screen, StringComparison.Ordinal);
        var stored = _terminal.Script.Requests.OfType<OnboardRequest>().Last();
        Assert.Equal((token, "anthropic:my-laptop"), (stored.SetupToken.Token, stored.ProfileId));
    }

    [Fact]
    public async Task Blank_answer_is_asked_for_again_without_a_call()
    {
        _keyboard.Type(" ").Type(Key);
        await _terminal.RunAsync(["onboard", "--auth-choice", "apiKey"], keyboard: _keyboard);
        Assert.Contains("Required", _keyboard.Screen, StringComparison.Ordinal);
        _terminal.Script.Single<OnboardRequest>();
    }

    [Theory]
    [InlineData("y", Key)]
    [InlineData("n", "sk-ant-api03-FAKE-OTHER")]
    public async Task Key_of_the_environment_is_offered_by_its_ends(string answer, string stored)
    {
        _terminal.Environment["ANTHROPIC_API_KEY"] = Key;
        _keyboard.Type(answer).Type("sk-ant-api03-FAKE-OTHER");
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

    [Fact]
    public async Task Interrupted_question_exits_130()
    {
        using var pressed = new CancellationTokenSource();
        await pressed.CancelAsync();
        Assert.Equal(130, (await _terminal.RunAsync(["onboard"], keyboard: _keyboard, cancellation: pressed.Token)).ExitCode);
    }
}
