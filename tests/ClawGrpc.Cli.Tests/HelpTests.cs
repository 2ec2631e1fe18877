using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>The help of every command, compared with files.</summary>
public class HelpTests
{
    private static readonly string[] Paths = [.. PathsOf(ClawProgram.Tree(new Globals(null!)))];

    public static TheoryData<string> EveryCommand => new(Paths);

    [Theory]
    [MemberData(nameof(EveryCommand))]
    public async Task Help_matches_its_file(string path)
    {
        await using var terminal = new Terminal();
        var run = await terminal.ClawAsync([.. path.Split(' ')[1..], "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        // System.CommandLine pads wrapped lines with blanks.
        Golden.Matches(
            $"help/{path.Replace(' ', '-')}.txt",
            string.Join('\n', run.Out.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    public async Task Help_fits_a_terminal_and_breaks_at_words(int width)
    {
        foreach (var path in Paths)
        {
            await using var terminal = new Terminal();
            var screen = new Keyboard();
            screen.Profile.Width = width;
            var run = await terminal.RunAsync([.. path.Split(' ')[1..], "--help"], screen: screen);
            var lines = run.Out.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd()).ToList();
            Assert.All(lines, line => Assert.InRange(line.Length, 0, width));

            // The longest words do not fit into a column.
            var shown = WordsOf(string.Join('\n', lines)).ToLookup(word => word);
            Assert.All(
                WordsOf(Golden.Text($"help/{path.Replace(' ', '-')}.txt")).Where(word => word.Length < width / 2)
                    .GroupBy(word => word),
                word => Assert.Equal(word.Count(), shown[word.Key].Count()));
        }
    }

    [Theory]
    [InlineData("Note: short.\n", "Note: short.\n")]
    [InlineData("Note: a line of more columns.\nNext: go\n", "Note: a line of more\ncolumns.\nNext: go\n")]
    [InlineData("  - indented, and longer\n", "  - indented, and\n  longer\n")]
    [InlineData("See /a/path/that/is/longer for it\n", "See\n/a/path/that/is/longer\nfor it\n")]
    [InlineData("日本語 日本語 日本語 日本語\n", "日本語 日本語 日本語\n日本語\n")]
    [InlineData("\r\u001b[KWaiting for the answer, 10 s", "\r\u001b[KWaiting for the answer, 10 s")]
    public void Note_breaks_at_words(string text, string shown)
    {
        using var terminal = new StringWriter();
        using (var error = new WrappingWriter(terminal, () => 20))
            error.Write(text);
        Assert.Equal(shown, terminal.ToString());
    }

    [Fact]
    public void Help_files_match_the_commands() =>
        Assert.Equal(Paths.Select(path => $"{path.Replace(' ', '-')}.txt").Order(), Golden.Names("help"));

    [Theory]
    [InlineData]
    [InlineData("models", "auth")]
    [InlineData("agents")]
    public async Task Group_without_command_prints_help(params string[] arguments)
    {
        await using var terminal = new Terminal();
        Assert.Equal(await terminal.ClawAsync([.. arguments, "--help"]), await terminal.ClawAsync(arguments));
    }

    [Fact]
    public async Task Help_of_a_command_that_does_not_exist_says_so()
    {
        await using var terminal = new Terminal();
        Assert.Equal(
            new Run(1, "", "error: unknown command 'nosuch'\nSee claw models --help.\n"),
            await terminal.ClawAsync("help", "models", "nosuch"));
    }

    [Theory]
    [InlineData("models status", "-j", "--json")]
    [InlineData("complete x --plan", "-m opus", "--model opus")]
    [InlineData("models auth delete x", "-y", "--yes")]
    [InlineData("agents list", "-a work", "--agent work")]
    public async Task Letter_stands_for_its_option(string command, string letter, string option)
    {
        await using var terminal = await new Terminal().StartAsync();
        var (with, without) = (
            await terminal.ClawAsync([.. command.Split(' '), .. letter.Split(' ')]),
            await terminal.ClawAsync([.. command.Split(' '), .. option.Split(' ')]));
        Assert.Equal(with, without);
        Assert.Equal(2, terminal.Script.Requests.Count);
        Assert.Single(terminal.Script.Requests.Distinct());
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("-V")]
    public async Task Version_prints_one_line(string option)
    {
        await using var terminal = new Terminal();
        var run = await terminal.ClawAsync(option);
        Assert.Matches(@"^claw \d+\.\d+\.\d+[^\n+]*\n$", run.Out);
        Assert.Equal(0, run.ExitCode);
    }

    private static string[] WordsOf(string text) => text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> PathsOf(Command command) =>
        command.Subcommands.SelectMany(PathsOf).Select(path => $"{command.Name} {path}").Prepend(command.Name);
}
