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

    /// <summary>Asks for a text that may be left empty.</summary>
    public static Task<string> TextAsync(IAnsiConsole console, string question, CancellationToken cancellation) =>
        new TextPrompt<string>(Markup.Escape(question)).AllowEmpty().ShowAsync(console, cancellation);

    /// <summary>Asks to choose one.</summary>
    public static Task<string> ChoiceAsync(IAnsiConsole console, string question, string[] choices, CancellationToken cancellation) =>
        new SelectionPrompt<string>().Title(Markup.Escape(question)).AddChoices(choices).ShowAsync(console, cancellation);

    /// <summary>Asks for yes or no.</summary>
    public static Task<bool> ConfirmAsync(IAnsiConsole console, string question, bool defaultAnswer, CancellationToken cancellation) =>
        new ConfirmationPrompt(Markup.Escape(question)) { DefaultValue = defaultAnswer }.ShowAsync(console, cancellation);
}
