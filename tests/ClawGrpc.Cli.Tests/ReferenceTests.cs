using System.CommandLine;
using System.Text;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>The pages that are made from the commands: docs/commands.md and the man page. UPDATE_GOLDEN=1 writes them.</summary>
public class ReferenceTests
{
    private const string Folder = "../../../docs";
    private static readonly (string Path, Command Command)[] Commands =
        [.. Of(ClawProgram.Tree(new Globals(null!)), "").Where(each => each.Command.Subcommands.Count == 0)];

    private static readonly Option[] Globals =
        [.. ClawProgram.Tree(new Globals(null!)).Options.Where(option => option.Recursive)];

    [Fact]
    public void Reference_matches_the_commands()
    {
        var page = new StringBuilder(
            "# The commands of claw\n\nMade from the commands; [cli.md](cli.md) explains them. Every command takes:\n\n");
        WriteTable(page, Globals);
        foreach (var (path, command) in Commands)
        {
            var arguments = string.Concat(command.Arguments.Select(argument => " " + NameOf(argument)));
            page.Append($"\n## {path}{arguments}\n\n{command.Description}.\n");
            if (OwnOptions(command).ToArray() is { Length: > 0 } options)
                WriteTable(page.Append('\n'), options);
        }

        Golden.Matches($"{Folder}/commands.md", page.ToString());
    }

    [Fact]
    public void Man_page_matches_the_commands()
    {
        var page = new StringBuilder(
            ".TH CLAW 1 \"\" ClawGrpc \"User Commands\"\n.SH NAME\n"
            + "claw \\- calls ClawGrpc, the service that holds Claude credentials\n"
            + ".SH SYNOPSIS\n.B claw\n.I command\n.RI [ options ]\n.SH OPTIONS OF EVERY COMMAND\n");
        WriteOptions(page, Globals);
        page.Append(".SH COMMANDS\n");
        foreach (var (path, command) in Commands)
        {
            var arguments = string.Concat(command.Arguments.Select(argument => " " + NameOf(argument)));
            page.Append($".SS {Roff(path + arguments)}\n{Roff(command.Description!)}.\n");
            WriteOptions(page, OwnOptions(command));
        }

        page.Append(".SH EXIT STATUS\n0 on success, 1 after a failure or a usage error, 130 when interrupted.\n"
            + ".BR \"claw models status \\-\\-check\" \" has codes of its own.\"\n"
            + ".SH ENVIRONMENT\n.BR CLAWGRPC_ENDPOINT ,\n.BR CLAWGRPC_STATE_DIR ,\n"
            + ".BR CLAWGRPC_TOKEN_FILE ,\n.BR CLAWGRPC_TOKEN ,\n.BR CLAWGRPC_CA_FILE\n.SH SEE ALSO\n.BR clawgrpc (8)\n");
        Golden.Matches($"{Folder}/man/claw.1", page.ToString());
    }

    private static IEnumerable<(string Path, Command Command)> Of(Command command, string above)
    {
        var path = $"{above}{command.Name}";
        return command.Subcommands.SelectMany(each => Of(each, path + " ")).Prepend((path, command));
    }

    private static IEnumerable<Option> OwnOptions(Command command) => command.Options.Where(option => !option.Hidden);

    private static string NameOf(Argument argument)
    {
        var many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : "";
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[<{argument.Name}>{many}]" : $"<{argument.Name}>{many}";
    }

    private static string NamesOf(Option option) =>
        string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name).Distinct())
        + (option.ValueType == typeof(bool) || option.HelpName is null ? "" : $" <{option.HelpName}>");

    private static void WriteTable(StringBuilder page, IEnumerable<Option> options)
    {
        page.Append("| Option | |\n|---|---|\n");
        foreach (var option in options)
            page.Append($"| `{NamesOf(option).Replace("|", "\\|")}` | {option.Description?.Replace("|", "\\|")} |\n");
    }

    private static void WriteOptions(StringBuilder page, IEnumerable<Option> options)
    {
        foreach (var option in options)
            page.Append($".TP\n.B {Roff(NamesOf(option))}\n{Roff(option.Description ?? "")}\n");
    }

    // A line that begins with a point or an apostrophe would be a request.
    private static string Roff(string text)
    {
        var escaped = text.Replace("\\", "\\e").Replace("-", "\\-");
        return escaped is ['.' or '\'', ..] ? "\\&" + escaped : escaped;
    }
}
