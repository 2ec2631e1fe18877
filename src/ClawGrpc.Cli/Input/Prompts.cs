using Spectre.Console;

namespace ClawGrpc.Cli.Input;

/// <summary>Questions to the person at the terminal.</summary>
internal static class Prompts
{
    /// <summary>Asks for a secret, echoed as <c>▪</c>.</summary>
    /// <param name="console">The console.</param>
    /// <param name="question">The question.</param>
    /// <param name="cancellation">Ends the prompt.</param>
    /// <param name="problem">Returns what is wrong with an answer, which is asked for again; null if it is valid. Null if only
    /// a blank one is wrong.</param>
    public static Task<string> SecretAsync(
        IAnsiConsole console, string question, CancellationToken cancellation, Func<string, string?>? problem = null) => AskAsync(
        console,
        question,
        new TextPrompt<string>("").AllowEmpty().Secret('▪'),
        problem ?? (static answer => string.IsNullOrWhiteSpace(answer) ? "Required" : null),
        cancellation);

    /// <summary>Asks for a text; Enter alone takes the offered one.</summary>
    /// <param name="console">The console.</param>
    /// <param name="question">The question.</param>
    /// <param name="problem">Returns what is wrong with an answer; null if it is valid.</param>
    /// <param name="cancellation">Ends the prompt.</param>
    /// <param name="offered">The default answer; may be empty.</param>
    public static Task<string> TextAsync(
        IAnsiConsole console,
        string question,
        Func<string, string?> problem,
        CancellationToken cancellation,
        string offered = "") =>
        offered.Length == 0
            ? AskAsync(console, question, new TextPrompt<string>("").AllowEmpty(), problem, cancellation)
            : EndableConsole.AskAsync(console, endable => new TextPrompt<string>(Markup.Escape(question))
                .AllowEmpty().DefaultValue(offered)
                .Validate(answer => problem(answer) is { } error
                    ? ValidationResult.Error(Markup.Escape(error))
                    : ValidationResult.Success())
                .ShowAsync(endable, cancellation));

    /// <summary>Asks for one of several choices.</summary>
    public static Task<string> ChoiceAsync(
        IAnsiConsole console, string question, string[] choices, CancellationToken cancellation) =>
        EndableConsole.AskAsync(console, endable => new SelectionPrompt<string>()
            .Title(Markup.Escape(question)).AddChoices(choices).ShowAsync(endable, cancellation));

    /// <summary>Asks for yes or no, answered by one key, as in OpenClaw.</summary>
    public static Task<bool> ConfirmAsync(
        IAnsiConsole console, string question, bool defaultAnswer, CancellationToken cancellation) =>
        EndableConsole.AskAsync(console, endable => YesOrNoAsync(endable, question, defaultAnswer, cancellation));

    private static async Task<bool> YesOrNoAsync(
        IAnsiConsole console, string question, bool defaultAnswer, CancellationToken cancellation)
    {
        console.Markup($"{Markup.Escape(question)} [blue]{Markup.Escape(defaultAnswer ? "[Y/n]" : "[y/N]")}[/] ");
        while (true)
        {
            var key = await console.Input.ReadKeyAsync(intercept: true, cancellation);
            bool? answer = key switch
            {
                { Key: ConsoleKey.Enter } => defaultAnswer,
                { KeyChar: 'y' or 'Y' } => true,
                { KeyChar: 'n' or 'N' } => false,
                _ => null,
            };
            if (answer is not { } said)
                continue;
            // An Enter after the key belongs to this answer, not to the next question.
            if (key?.Key != ConsoleKey.Enter && console.Input.IsKeyAvailable())
                await console.Input.ReadKeyAsync(intercept: true, cancellation);
            console.WriteLine(said ? "yes" : "no");
            return said;
        }
    }

    // Writes the question itself: a prompt of Spectre would append a colon to it.
    private static async Task<string> AskAsync(
        IAnsiConsole console,
        string question,
        TextPrompt<string> prompt,
        Func<string, string?> problem,
        CancellationToken cancellation)
    {
        while (true)
        {
            console.Write(question);
            var answer = await EndableConsole.AskAsync(console, endable => prompt.ShowAsync(endable, cancellation));
            if (problem(answer) is not { } error)
                return answer;
            console.WriteLine(error);
        }
    }
}
