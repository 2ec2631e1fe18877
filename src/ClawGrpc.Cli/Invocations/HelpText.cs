using System.CommandLine;
using System.CommandLine.Help;

namespace ClawGrpc.Cli;

/// <summary>The help of a command.</summary>
internal static class HelpText
{
    /// <summary>Wide enough for a sentence, narrow enough for half a screen; fixed, so that help is the same everywhere.</summary>
    public const int Width = 110;

    /// <summary>The action behind <c>--help</c>.</summary>
    public static HelpAction Action { get; } = new() { MaxWidth = Width };

    /// <summary>Prints the help of the command that was parsed, as the answer to what was asked.</summary>
    public static int Write(ParseResult parsed) => Action.Invoke(parsed);
}
