using System.CommandLine;
using System.Text;
using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>
/// The errors and the JSON of every command, compared with files: a command that is added has none yet, and fails here.
/// </summary>
public class CommandGoldenTests
{
    // What a command needs to be called rightly; - reads standard input. Others need nothing.
    private static readonly Dictionary<string, string[]> Arguments = new(StringComparer.Ordinal)
    {
        ["claw onboard"] = ["--non-interactive", "--anthropic-api-key", "-"],
        ["claw models set"] = ["opus"],
        ["claw models set-image"] = ["opus"],
        ["claw models allow"] = ["opus"],
        ["claw models disallow"] = ["opus"],
        ["claw models aliases add"] = ["o", "opus"],
        ["claw models aliases remove"] = ["o"],
        ["claw models fallbacks add"] = ["opus"],
        ["claw models fallbacks remove"] = ["opus"],
        ["claw models image-fallbacks add"] = ["opus"],
        ["claw models image-fallbacks remove"] = ["opus"],
        ["claw models auth paste-token"] = ["--provider", "anthropic"],
        ["claw models auth order get"] = ["--provider", "anthropic"],
        ["claw models auth order set"] = ["--provider", "anthropic", "anthropic:one"],
        ["claw models auth order clear"] = ["--provider", "anthropic"],
        ["claw models auth reset"] = ["anthropic:one"],
        ["claw models auth delete"] = ["anthropic:one", "--yes"],
        ["claw agents add"] = ["work"],
        ["claw agents remove"] = ["work", "--yes"],
        ["claw clients show"] = ["name"],
        ["claw clients add"] = ["ci", "--scope", "complete", "--for-agent", "main"],
        ["claw clients update"] = ["name", "--budget-usd", "5"],
        ["claw clients remove"] = ["ci", "--yes"],
        ["claw clients token create"] = ["ci"],
        ["claw clients token rotate"] = ["abcdefghijkl"],
        ["claw clients token revoke"] = ["abcdefghijkl"],
        ["claw contexts add"] = ["work", "--server", "https://claw.example"],
        ["claw contexts use"] = ["work"],
        ["claw contexts show"] = ["work"],
        ["claw contexts remove"] = ["work"],
        ["claw connect claude-code"] = ["--url", "http://127.0.0.1:7080"],
        ["claw connect sdk"] = ["--url", "http://127.0.0.1:7080"],
        ["claw connect openclaw"] = ["--url", "http://127.0.0.1:7080"],
        ["claw complete"] = ["Hello"],
        ["claw help"] = ["models"],
    };

    // These print JSON that a test of their own compares.
    private static readonly string[] OfOtherTests = ["claw complete"];

    private static readonly (string Path, Command Command)[] Leaves =
        [.. Of(ClawProgram.Tree(new Globals(null!)), "").Where(each => each.Command.Subcommands.Count == 0)];

    private static readonly string[] WithJson = [.. Leaves
        .Where(each => each.Command.Options.Any(option => option.Name == "--json")).Select(each => each.Path)];

    public static TheoryData<string> EveryCommand => new(Leaves.Select(each => each.Path));

    public static TheoryData<string> EveryJson => new(WithJson.Except(OfOtherTests));

    [Theory]
    [MemberData(nameof(EveryCommand))]
    public async Task Errors_match_their_file(string path)
    {
        await using var terminal = NewTerminal();
        var words = path.Split(' ')[1..];
        var text = new StringBuilder();
        string[][] calls =
        [
            ["--nope"],
            ["one", "two", "three", "four"],
            [],
            [.. Arguments.GetValueOrDefault(path, []), "--context", "nope"],
            Arguments.GetValueOrDefault(path, []),
        ];
        foreach (var arguments in calls.DistinctBy(call => string.Join(' ', call)))
        {
            // No server listens.
            var run = await terminal.RunAsync([.. words, .. arguments], input: "sk-ant-api03-KEY");
            if (run.ExitCode == 0)
                continue;

            // What the doctor finds is its output.
            Assert.True(path == "claw doctor" || run.Out.Length == 0, run.Out);
            var said = Placed(terminal, run.Out + run.Error);
            text.Append($"$ {string.Join(' ', [path, .. arguments])}\n{said}exit {run.ExitCode}\n");
        }

        Assert.DoesNotContain("sk-ant", text.ToString(), StringComparison.Ordinal);
        Golden.Matches($"errors/{path.Replace(' ', '-')}.txt", text.ToString());
    }

    [Theory]
    [MemberData(nameof(EveryJson))]
    public async Task Json_matches_its_file(string path)
    {
        await using var terminal = await NewTerminal().StartAsync();
        terminal.Script.HasSamples = true;
        await terminal.ClawAsync("contexts", "add", "work", "--server", "https://claw.example");
        string[] words = [.. path.Split(' ')[1..], .. Arguments.GetValueOrDefault(path, []), "--json"];
        if (path == "claw contexts add")
            words[2] = "other";
        var run = await terminal.RunAsync(words, input: "sk-ant-api03-KEY");
        foreach (var line in path == "claw audit tail" ? run.Out.TrimEnd('\n').Split('\n') : [run.Out])
            JsonDocument.Parse(line).Dispose();
        Golden.Matches($"json/{path.Replace(' ', '-')}.json", Placed(terminal, run.Out));
    }

    [Fact]
    public void Files_match_the_commands()
    {
        Assert.Equal(Leaves.Select(each => $"{each.Path.Replace(' ', '-')}.txt").Order(), Golden.Names("errors"));
        Assert.Equal(
            WithJson.Except(OfOtherTests).Select(path => $"{path.Replace(' ', '-')}.json").Order(), Golden.Names("json"));
        Assert.Empty(Arguments.Keys.Except(Leaves.Select(each => each.Path)));
    }

    private static Terminal NewTerminal()
    {
        var terminal = new Terminal();
        terminal.Environment["XDG_CONFIG_HOME"] = terminal.FilePath("config");
        return terminal;
    }

    private static string Placed(Terminal terminal, string text) =>
        text.Replace(Path.GetDirectoryName(terminal.SocketPath)!, "/srv/state", StringComparison.Ordinal);

    private static IEnumerable<(string Path, Command Command)> Of(Command command, string above)
    {
        var path = $"{above}{command.Name}";
        return command.Subcommands.SelectMany(each => Of(each, path + " ")).Prepend((path, command));
    }
}
