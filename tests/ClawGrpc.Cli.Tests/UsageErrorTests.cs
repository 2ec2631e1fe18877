using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>A command line that is none is refused in the words and with the exit code that OpenClaw's users know.</summary>
public sealed class WrongCallTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Theory]
    [InlineData("unknown option '--jsn'\n(Did you mean --json?)", "models status", "--jsn")]
    [InlineData("unknown option '--nope'", "models set", "--nope", "a/b")]
    [InlineData("unknown option '-x'", "models auth paste-token", "--provider", "anthropic", "-x")]
    [InlineData("unknown command 'remov'\n(Did you mean remove?)", "models aliases", "remov", "x")]
    [InlineData("unknown command 'nope'", "", "nope")]
    [InlineData("too many arguments for 'models'. Expected 0 arguments but got 1.\n(Did you mean status?)", "models", "statsu")]
    [InlineData("too many arguments for 'set'. Expected 1 argument but got 2.", "models set", "a/b", "c")]
    [InlineData("missing required argument 'model'", "models fallbacks add")]
    [InlineData("option '--provider <name>' argument missing", "models auth paste-token", "--provider")]
    [InlineData("option '--max-tokens <n>' argument 'many' is invalid.", "complete", "hi", "--max-tokens", "many")]
    public async Task It_is_refused(string text, string command, params string[] rest)
    {
        var path = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var run = await _terminal.ClawAsync([.. path, .. rest]);
        Assert.Equal(new Run(1, "", $"error: {text}\nSee {string.Join(' ', ["claw", .. path])} --help.\n"), run);
        Assert.Empty(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("models", "aliases")]
    [InlineData("models", "fallbacks")]
    [InlineData("models", "auth", "order")]
    public async Task Verbs_without_their_verb_show_their_help_as_an_error(params string[] command)
    {
        var run = await _terminal.ClawAsync(command);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("Usage:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_follows_two_dashes_is_no_option()
    {
        await _terminal.ClawAsync("complete", "--plan", "--", "--nope");
        Assert.Single(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("lsit", "\n(Did you mean list?)")]
    [InlineData("zzzzzz", "")]
    [InlineData("a", "")]
    [InlineData("--jsonx", "\n(Did you mean --json?)")]
    [InlineData("let", "\n(Did you mean one of get, set?)")]
    public void The_nearest_words_are_suggested(string word, string suggestion) =>
        Assert.Equal(suggestion, Spelling.Suggestion(word, word.StartsWith("--", StringComparison.Ordinal) ? ["--json", "--plain"] : word == "let" ? ["set", "clear", "get"] : ["list", "set", "clear"]));
}
