using Spectre.Console;

namespace ClawGrpc.Cli.Input;

/// <summary>Questions to the person at the terminal.</summary>
internal static class Prompts
{
    /// <summary>Asks for a secret; what is typed shows as <c>▪</c>. Not blank.</summary>
    public static Task<string> SecretAsync(IAnsiConsole console, string question, CancellationToken cancellation) =>
        new TextPrompt<string>(Markup.Escape(question))
            .Secret('▪')
            .AllowEmpty()
            .Validate(answer => string.IsNullOrWhiteSpace(answer) ? ValidationResult.Error("Required") : ValidationResult.Success())
            .ShowAsync(console, cancellation);

    /// <summary>Asks for a text; Enter alone takes what is offered, which may be nothing.</summary>
    /// <param name="console">Where.</param>
    /// <param name="question">The question.</param>
    /// <param name="problem">What is wrong with an answer; null: nothing.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="offered">Empty: nothing is offered.</param>
    public static Task<string> TextAsync(
        IAnsiConsole console, string question, Func<string, string?> problem, CancellationToken cancellation, string offered = "")
    {
        var prompt = new TextPrompt<string>(Markup.Escape(question)).AllowEmpty()
            .Validate(answer => problem(answer) is { } error ? ValidationResult.Error(Markup.Escape(error)) : ValidationResult.Success());
        return (offered.Length > 0 ? prompt.DefaultValue(offered) : prompt).ShowAsync(console, cancellation);
    }

    /// <summary>Asks to choose one.</summary>
    public static Task<string> ChoiceAsync(IAnsiConsole console, string question, string[] choices, CancellationToken cancellation) =>
        new SelectionPrompt<string>().Title(Markup.Escape(question)).AddChoices(choices).ShowAsync(console, cancellation);

    /// <summary>Asks for yes or no, which one key answers, as at OpenClaw's questions.</summary>
    public static async Task<bool> ConfirmAsync(IAnsiConsole console, string question, bool defaultAnswer, CancellationToken cancellation)
    {
        console.Markup($"{Markup.Escape(question)} [blue]{Markup.Escape(defaultAnswer ? "[Y/n]" : "[y/N]")}[/] ");
        while (true)
        {
            var key = await console.Input.ReadKeyAsync(intercept: true, cancellation) ?? throw new OperationCanceledException();
            bool? answer = key switch
            {
                { Key: ConsoleKey.Enter } => defaultAnswer,
                { KeyChar: 'y' or 'Y' } => true,
                { KeyChar: 'n' or 'N' } => false,
                _ => null,
            };
            if (answer is not { } said) continue;
            // Who ends the answer with Enter means no answer to the next question.
            if (key.Key != ConsoleKey.Enter && console.Input.IsKeyAvailable()) await console.Input.ReadKeyAsync(intercept: true, cancellation);
            console.WriteLine(said ? "yes" : "no");
            return said;
        }
    }
}
