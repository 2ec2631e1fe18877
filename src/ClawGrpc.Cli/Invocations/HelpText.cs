using System.CommandLine;
using System.CommandLine.Help;

namespace ClawGrpc.Cli.Invocations;

/// <summary>The help of a command.</summary>
internal static class HelpText
{
    /// <summary>In columns; fixed, so that help is the same on every terminal.</summary>
    public const int Width = 110;

    /// <summary>The action of <c>--help</c>.</summary>
    public static HelpAction Action { get; } = new() { MaxWidth = Width };

    /// <summary>Prints the help of the parsed command.</summary>
    public static int Write(ParseResult parsed) => Action.Invoke(parsed);
}
