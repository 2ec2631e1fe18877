using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The question before something is removed for good.</summary>
internal static class Removal
{
    /// <summary>The option that answers it.</summary>
    public static Option<bool> YesOption() => new("--yes") { Description = "Skip confirmation" };

    /// <summary>Asks, unless the option was given.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="yes">The option.</param>
    /// <param name="what">What is removed, such as <c>client ci</c>.</param>
    /// <param name="question">The question to a person.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <exception cref="CliFailure">There is nobody to ask.</exception>
    public static async Task<bool> IsConfirmedAsync(
        Invocation invocation, Option<bool> yes, string what, string question, CancellationToken cancellation)
    {
        if (invocation.Get(yes))
            return true;
        if (!invocation.Environment.InputIsTerminal)
        {
            throw CliFailure.Failed(
                $"Refusing to remove {what} without confirmation. Pass --yes to remove it non-interactively.");
        }

        return await Prompts.ConfirmAsync(invocation.Environment.PromptConsole(), question, defaultAnswer: false, cancellation);
    }
}
