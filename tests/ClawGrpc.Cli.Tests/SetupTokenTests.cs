using System.Diagnostics;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models auth setup-token</c>: runs the Claude CLI if it is installed, then asks for the token.</summary>
public sealed class SetupTokenTests : IAsyncLifetime
{
    private static readonly string Token = "sk-ant-oat01-FAKE-" + new string('0', 80);

    private readonly string _folder = Directory.CreateTempSubdirectory("claw-").FullName;
    private readonly Terminal _terminal = new();
    private readonly Keyboard _keyboard = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Environment["PATH"] = _folder;
        _terminal.Script.On<OnboardRequest>(request => request.SetupToken.Token.Length < 80
            ? throw Script.InvalidField("setup_token.token", "Token looks too short; paste the full setup-token")
            : new OnboardResponse
            {
                ProfileId = request.ProfileId,
                Type = CredentialType.Token,
                ConfigPath = "/c",
                Notices = { "Terms apply." },
            });
    }

    public async Task DisposeAsync()
    {
        await _terminal.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Without_claude_the_token_is_asked_for_until_valid()
    {
        _keyboard.Press(ConsoleKey.Enter).Type("sk-ant-oat01-short").Type(Token);
        var run = await RunAsync();
        Assert.Equal(new Run(0, "Updated /c\nAuth profile: anthropic:manual (anthropic/token)\n", "Note: Terms apply.\n"), run);
        Assert.Contains("Have you run `claude setup-token` and copied the token?", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Contains("Token looks too short", _keyboard.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(("anthropic:manual", Token), (Stored.ProfileId, Stored.SetupToken.Token));
    }

    [Fact]
    public async Task Declined_question_ends_the_command()
    {
        _keyboard.Type("n");
        Assert.Equal(new Run(0, "", ""), await RunAsync());
        Assert.Empty(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("n", false)]
    public async Task Claude_runs_if_the_person_agrees(string answer, bool isRun)
    {
        Install(exitCode: 0);
        _keyboard.Type(answer).Type(Token);
        Assert.Equal(0, (await RunAsync()).ExitCode);
        Assert.Equal(isRun ? "setup-token\n" : "", Called);
        Assert.Equal(Token, Stored.SetupToken.Token);
    }

    [Fact]
    public async Task Yes_runs_claude_without_asking()
    {
        Install(exitCode: 0);
        _keyboard.Type(Token);
        Assert.Equal(0, (await RunAsync("--yes")).ExitCode);
        Assert.Equal("setup-token\n", Called);
    }

    [Fact]
    public async Task Failed_claude_ends_the_command()
    {
        Install(exitCode: 3);
        Assert.Equal(new Run(1, "", "Error: claude setup-token failed (exit 3)\n"), await RunAsync("--yes"));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Terminal_and_provider_anthropic_are_required()
    {
        Assert.Equal(
            new Run(1, "", "Error: setup-token requires an interactive TTY.\n"),
            await _terminal.ClawAsync("models", "auth", "setup-token"));
        Assert.Equal(
            new Run(1, "", "Error: Only --provider anthropic is supported for setup-token (uses `claude setup-token`).\n"),
            await RunAsync("--provider", "openai"));
    }

    private OnboardRequest Stored => _terminal.Script.Requests.OfType<OnboardRequest>().Last();

    private string Called => File.Exists(Path.Join(_folder, "called")) ? File.ReadAllText(Path.Join(_folder, "called")) : "";

    private Task<Run> RunAsync(params string[] options) =>
        _terminal.RunAsync(["models", "auth", "setup-token", .. options], keyboard: _keyboard);

    private void Install(int exitCode)
    {
        var claude = Path.Join(_folder, "claude");
        File.WriteAllText(claude, $"#!/bin/sh\necho \"$@\" > '{_folder}/called'\nexit {exitCode}\n");
        Process.Start("chmod", ["+x", claude]).WaitForExit();
    }
}
