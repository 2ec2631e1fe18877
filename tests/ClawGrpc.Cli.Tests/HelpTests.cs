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
    public async Task Version_prints_one_line()
    {
        await using var terminal = new Terminal();
        var run = await terminal.ClawAsync("--version");
        Assert.Matches(@"^claw \d+\.\d+\.\d+[^\n+]*\n$", run.Out);
        Assert.Equal(0, run.ExitCode);
    }

    private static IEnumerable<string> PathsOf(Command command) =>
        command.Subcommands.SelectMany(PathsOf).Select(path => $"{command.Name} {path}").Prepend(command.Name);
}
