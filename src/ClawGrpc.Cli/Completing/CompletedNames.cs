using System.CommandLine.Completions;

namespace ClawGrpc.Cli.Completing;

/// <summary>Values whose names a script cannot have in a table. Each is a completion source that names nothing itself: a script
/// knows by it how to find the names.</summary>
internal static class CompletedNames
{
    /// <summary>The contexts of this user, which the script asks <c>claw contexts list</c> for.</summary>
    public static readonly Func<CompletionContext, IEnumerable<CompletionItem>> OfContexts = static _ => [];

    /// <summary>The commands of the program.</summary>
    public static readonly Func<CompletionContext, IEnumerable<CompletionItem>> OfCommands = static _ => [];
}
