using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary>The secret to onboard. Not a record, because records print their members.</summary>
internal sealed class OnboardSecret(string value, bool wasTyped)
{
    /// <summary>The secret; empty if the choice has none.</summary>
    public string Value { get; } = value;

    /// <summary>Whether it was typed at a prompt, where it can be typed again.</summary>
    public bool WasTyped { get; } = wasTyped;
}

/// <summary>Collects what onboarding needs: from the options and the environment, else from the person at the terminal.</summary>
internal sealed class OnboardQuestions(Invocation invocation, OnboardOptions options)
{
    private const string ApiKeyChoice = "Anthropic API key";
    private const string SetupTokenChoice = "Anthropic token (paste setup-token)";

    private readonly Lazy<IAnsiConsole> _console = new(invocation.Environment.PromptConsole);

    // The secret of the options or the environment is tried once; if the server refuses it, ask the person.
    private bool _offered;

    private bool CanAsk => invocation.Environment.InputIsTerminal && !invocation.Get(options.NonInteractive);

    /// <summary>The way to onboard.</summary>
    /// <exception cref="CliFailure">Neither the options nor the environment decide, and there is no terminal.</exception>
    public async Task<OnboardChoice> ChoiceAsync(CancellationToken cancellation)
    {
        if (invocation.Get(options.AuthChoice)?.Trim() is { Length: > 0 } name)
            return OnboardChoices.Of(name);
        if (invocation.Has(options.ApiKey))
            return OnboardChoice.ApiKey;
        if (invocation.Has(options.Token))
            return OnboardChoice.SetupToken;
        if (CanAsk)
        {
            string[] choices = [ApiKeyChoice, SetupTokenChoice];
            var answer = await Prompts.ChoiceAsync(_console.Value, "How does Claude know you?", choices, cancellation);
            return answer == ApiKeyChoice ? OnboardChoice.ApiKey : OnboardChoice.SetupToken;
        }

        return EnvironmentKey() is not null
            ? OnboardChoice.ApiKey
            : throw CliFailure.Failed(
                "Nothing to onboard: use a terminal, or --anthropic-api-key, or --auth-choice with --token, "
                + "or set ANTHROPIC_API_KEY.");
    }

    /// <summary>The secret of a choice; null if there is no API key and no terminal to ask at.</summary>
    /// <exception cref="CliFailure">There is no token and no terminal to ask at.</exception>
    public Task<OnboardSecret?> SecretAsync(OnboardChoice choice, CancellationToken cancellation) => choice switch
    {
        OnboardChoice.ClaudeCli => Task.FromResult<OnboardSecret?>(new OnboardSecret("", wasTyped: false)),
        OnboardChoice.ApiKey => ApiKeyAsync(cancellation),
        _ => TokenAsync(choice, cancellation),
    };

    /// <summary>The profile's id; empty for the server's default.</summary>
    public async Task<string> ProfileIdAsync(OnboardChoice choice, CancellationToken cancellation)
    {
        // Only the full wizard asks for a name; a caller who gives options can give --profile-id.
        if (!CanAsk || choice != OnboardChoice.SetupToken || invocation.Has(options.AuthChoice) || invocation.Has(options.Token))
            return "";

        var name = await Prompts.TextAsync(_console.Value, "Token name (blank = default)", static _ => null, cancellation);
        return string.IsNullOrWhiteSpace(name) ? "" : ProfileName.ToId("anthropic", name);
    }

    /// <summary>Shows what is wrong with an answer.</summary>
    public void Say(string text) => _console.Value.MarkupLineInterpolated($"[red]{text}[/]");

    private async Task<OnboardSecret?> ApiKeyAsync(CancellationToken cancellation)
    {
        var first = !_offered;
        _offered = true;
        // A blank option counts as absent.
        var given = first ? await GivenAsync(options.ApiKey, cancellation) : null;
        if (!string.IsNullOrWhiteSpace(given))
            return new OnboardSecret(Secrets.OnOneLine(given), wasTyped: false);
        if (first && EnvironmentKey() is { } key && (!CanAsk || await WantedAsync(key, cancellation)))
            return new OnboardSecret(Secrets.OnOneLine(key), wasTyped: false);
        return CanAsk ? await TypedAsync("Enter Anthropic API key", cancellation) : null;
    }

    private Task<string?> GivenAsync(Option<string?> option, CancellationToken cancellation) =>
        Secrets.FromOptionAsync(invocation.Get(option), invocation.Environment.In, cancellation);

    private Task<bool> WantedAsync(string key, CancellationToken cancellation) => Prompts.ConfirmAsync(
        _console.Value, $"Use existing ANTHROPIC_API_KEY (env, {Secrets.Preview(key)})?", defaultAnswer: true, cancellation);

    private async Task<OnboardSecret?> TokenAsync(OnboardChoice choice, CancellationToken cancellation)
    {
        RequireProvider(choice);
        var first = !_offered;
        _offered = true;
        var given = first ? await GivenAsync(options.Token, cancellation) : null;
        if (!string.IsNullOrWhiteSpace(given))
            return new OnboardSecret(given, wasTyped: false);
        if (!CanAsk)
            throw CliFailure.Verbatim($"Missing --token for --auth-choice {OnboardChoices.NameOf(choice)}.");
        if (first)
            _console.Value.WriteLine("Run `claude setup-token` in another terminal, and paste the token it prints here.");
        return await TypedAsync("Paste Anthropic setup-token", cancellation);
    }

    private async Task<OnboardSecret> TypedAsync(string question, CancellationToken cancellation) =>
        new(Secrets.OnOneLine(await Prompts.SecretAsync(_console.Value, question, cancellation)), wasTyped: true);

    // openclaw-spec.md, section 7.1: the choice `token` requires a provider, which can only be anthropic.
    private void RequireProvider(OnboardChoice choice)
    {
        var provider = invocation.Get(options.TokenProvider)?.Trim().ToLowerInvariant() ?? "";
        if (provider.Length > 0 && provider != "anthropic")
            throw CliFailure.Verbatim("Only --token-provider anthropic is supported for --auth-choice token.");
        if (provider.Length == 0 && choice == OnboardChoice.Token && !CanAsk)
            throw CliFailure.Verbatim("Missing --token-provider for --auth-choice token.");
    }

    private string? EnvironmentKey() =>
        invocation.Environment.Variable("ANTHROPIC_API_KEY")?.Trim() is { Length: > 0 } key ? key : null;
}
