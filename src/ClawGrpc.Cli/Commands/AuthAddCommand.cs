using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth add</c>: asks for everything that a token needs (openclaw-spec.md, section 7.2).</summary>
internal static class AuthAddCommand
{
    private const string Custom = "custom (type provider id)";
    private const string SetupToken = "setup-token (claude)";

    public static Command Create(Globals globals) =>
        globals.Command("add", "Interactive auth helper (setup-token or paste token)", [], async (invocation, cancellation) =>
        {
            if (!invocation.Environment.InputIsTerminal)
                throw CliFailure.Failed("models auth add requires an interactive TTY.");
            var console = invocation.Environment.PromptConsole();
            var provider = await Prompts.ChoiceAsync(console, "Token provider", ["anthropic", Custom], cancellation);
            if (provider == Custom)
                provider = (await Prompts.TextAsync(console, "Provider id", Missing, cancellation)).Trim().ToLowerInvariant();
            string[] methods = provider == "anthropic" ? [SetupToken, "paste token"] : ["paste token"];
            if (await Prompts.ChoiceAsync(console, "Token method", methods, cancellation) == SetupToken)
            {
                await SetupTokenCommand.AskAsync(invocation, agreed: false, cancellation);
                return 0;
            }

            var profileId = await Prompts.TextAsync(console, "Profile id", NoName, cancellation, offered: $"{provider}:manual");
            var expires = await Prompts.ConfirmAsync(console, "Does this token expire?", defaultAnswer: false, cancellation);
            var expiresIn = expires
                ? await Prompts.TextAsync(console, "Expires in (duration)", InvalidDuration, cancellation, offered: "365d")
                : null;
            var expiry = PasteTokenCommand.Expiry(expiresIn);
            await PasteTokenCommand.PasteAsync(invocation, provider, profileId.Trim(), expiry, cancellation);
            return 0;
        });

    private static string? NoName(string answer) => Missing(answer) ?? ProfileName.Problem(answer);

    private static string? Missing(string answer) => string.IsNullOrWhiteSpace(answer) ? "Required" : null;

    private static string? InvalidDuration(string answer)
    {
        try
        {
            DurationText.Parse(answer);
            return null;
        }
        catch (FormatException)
        {
            return "Invalid duration (e.g. 365d, 12h, 30m)";
        }
    }
}
