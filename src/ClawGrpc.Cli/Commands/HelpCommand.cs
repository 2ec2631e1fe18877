using System.CommandLine;
using ClawGrpc.Cli.Completing;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw help</c>: what <c>--help</c> after a command prints.</summary>
internal static class HelpCommand
{
    /// <summary>Creates the command.</summary>
    /// <param name="root">The program.</param>
    public static Command Create(Func<Command> root)
    {
        var words = new Argument<string[]>("command")
        {
            Description = "Command, such as models status",
            Arity = ArgumentArity.ZeroOrMore,
            CompletionSources = { CompletedNames.OfCommands },
        };
        var command = new Command("help", "Display help for command") { words };
        command.SetAction(parsed =>
        {
            var about = root();
            foreach (var word in parsed.GetValue(words) ?? [])
            {
                about = about.Subcommands.FirstOrDefault(each => each.Name == word || each.Aliases.Contains(word))
                    ?? throw CliFailure.Verbatim($"error: unknown command '{word}'"
                        + Spelling.Suggestion(word, about.Subcommands.Select(each => each.Name))
                        + $"\nSee {string.Join(' ', PathOf(about).Prepend(root().Name))} --help.");
            }

            return root().Parse([.. PathOf(about), "--help"]).Invoke(parsed.InvocationConfiguration);
        });
        return command;
    }

    // Without the name of the program.
    private static Stack<string> PathOf(Command command)
    {
        var path = new Stack<string>();
        for (var part = command; part.Parents.OfType<Command>().FirstOrDefault() is { } parent; part = parent)
            path.Push(part.Name);
        return path;
    }
}
