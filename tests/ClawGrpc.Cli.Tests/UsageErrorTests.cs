using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>Invalid command lines fail with OpenClaw's words and exit code.</summary>
public sealed class UsageErrorTests : IAsyncLifetime
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
    public async Task Usage_error_prints_OpenClaws_words(string text, string command, params string[] rest)
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
    public async Task Group_without_verb_prints_help_as_an_error(params string[] command)
    {
        var run = await _terminal.ClawAsync(command);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("Usage:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_after_two_dashes_are_arguments()
    {
        await _terminal.ClawAsync("complete", "--plan", "--", "--nope");
        Assert.Single(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("lsit", "\n(Did you mean list?)", "list", "set", "clear")]
    [InlineData("zzzzzz", "", "list", "set", "clear")]
    [InlineData("a", "", "list", "set", "clear")]
    [InlineData("--jsonx", "\n(Did you mean --json?)", "--json", "--plain")]
    [InlineData("let", "\n(Did you mean one of get, set?)", "set", "clear", "get")]
    public void Nearest_words_are_suggested(string word, string suggestion, params string[] known) =>
        Assert.Equal(suggestion, Spelling.Suggestion(word, known));
}
