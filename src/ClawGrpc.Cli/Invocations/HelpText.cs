using System.CommandLine;
using System.CommandLine.Help;

namespace ClawGrpc.Cli.Invocations;

/// <summary>The help of a command.</summary>
internal static class HelpText
{
    /// <summary>The longest lines, in columns; also those of help that is not printed on a terminal.</summary>
    public const int Width = 110;

    private const int LeastWidth = 40;

    /// <summary>The action of <c>--help</c>.</summary>
    /// <param name="columns">The width of the terminal; null if there is none.</param>
    public static HelpAction ActionFor(int? columns) =>
        new() { MaxWidth = columns is > 0 and var width ? Math.Clamp(width, LeastWidth, Width) : Width };

    /// <summary>Prints the help of the parsed command.</summary>
    public static int Write(ParseResult parsed) =>
        parsed.RootCommandResult.Command.Options.Select(option => option.Action).OfType<HelpAction>().First().Invoke(parsed);
}
