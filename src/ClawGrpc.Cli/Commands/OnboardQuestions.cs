using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary>The secret to onboard. Not a record, because records print their members.</summary>
/// <param name="value">The secret.</param>
/// <param name="wasTyped">Whether it was typed.</param>
/// <param name="wasOffered">Whether it was found, and the person wanted it.</param>
internal sealed class OnboardSecret(string value, bool wasTyped, bool wasOffered = false)
{
    /// <summary>The secret; empty if the choice has none.</summary>
    public string Value { get; } = value;

    /// <summary>Whether it was typed at a prompt, where it can be typed again.</summary>
    public bool WasTyped { get; } = wasTyped;

    /// <summary>Whether a person chose it at a question.</summary>
    public bool WasChosen { get; } = wasTyped || wasOffered;
}

/// <summary>Collects what onboarding needs: from the options and the environment, else from the person at the terminal.</summary>
internal sealed class OnboardQuestions(Invocation invocation, OnboardOptions options)
{
    private const string ApiKeyChoice = "Anthropic API key";
    private const string SetupTokenChoice = "Anthropic token (paste setup-token)";
    private const string ClaudeChoice = "Login of Claude Code";

    private readonly Lazy<IAnsiConsole> _console = new(invocation.Environment.PromptConsole);

    // The secret of the options or the environment is tried once; if the server refuses it, ask the person.
    private bool _offered;

    // Whether the profile is settled: it is asked for once, however often the secret is.
    private bool _isNamed;

    /// <summary>Whether there is a person to ask.</summary>
    public bool CanAsk => invocation.Environment.InputIsTerminal && !invocation.Get(options.NonInteractive);

    /// <summary>Says which server and which agent it is about.</summary>
    public async Task<StoredKinds> BeginAsync(CancellationToken cancellation)
    {
        var stored = await StoredKinds.ReadAsync(invocation, cancellation);
        var socket = invocation.Endpoint.SocketPath;
        var server = socket is null ? invocation.Endpoint.ToString() : $"unix:{invocation.Environment.ShortPath(socket)}";
        var has = stored.Text.Length > 0 ? $", which has {stored.Text}" : "";
        _console.Value.WriteLine($"Server: {server}");
        _console.Value.WriteLine($"Agent: {(stored.AgentId.Length > 0 ? stored.AgentId : "the default agent")}{has}");
        return stored;
    }

    /// <summary>Says what to do next.</summary>
    public void End()
    {
        if (!CanAsk)
            return;
        var agent = invocation.AgentId.Length > 0 ? $" --agent {invocation.AgentId}" : "";
        _console.Value.WriteLine($"Next: claw complete{agent} \"Say hello.\"");
    }

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
            string[] choices = ClaudeLogin() is { } login
                ? [ApiKeyChoice, SetupTokenChoice, login]
                : [ApiKeyChoice, SetupTokenChoice];
            return await Prompts.ChoiceAsync(_console.Value, "How does Claude know you?", choices, cancellation) switch
            {
                ApiKeyChoice => OnboardChoice.ApiKey,
                SetupTokenChoice => OnboardChoice.SetupToken,
                _ => OnboardChoice.ClaudeCli,
            };
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
    /// <param name="choice">The way to onboard.</param>
    /// <param name="stored">What the agent has.</param>
    /// <param name="known">The id that is known already; empty if there is none.</param>
    /// <param name="cancellation">Ends the questions.</param>
    public async Task<string> ProfileIdAsync(
        OnboardChoice choice, StoredKinds stored, string known, CancellationToken cancellation)
    {
        if (!CanAsk || _isNamed)
            return known;

        // Only the full wizard asks for a name; a caller who gives options can give --profile-id.
        var asks = choice == OnboardChoice.SetupToken && !invocation.Has(options.AuthChoice) && !invocation.Has(options.Token);
        if (asks && known.Length == 0)
            known = await NameAsync("Token name (blank = default)", ProfileName.Problem, cancellation);
        while (true)
        {
            var id = known.Length > 0 ? known : OnboardChoices.DefaultProfileOf(choice);
            _isNamed = await stored.MayReplaceAsync(invocation, OnboardChoices.TypeOf(choice), id, cancellation);
            if (_isNamed)
                return known;
            if (choice == OnboardChoice.ClaudeCli)
                throw new PromptEndedException(interrupted: false);
            known = await NameAsync(
                "Name of another profile",
                static name => string.IsNullOrWhiteSpace(name) ? "Required" : ProfileName.Problem(name),
                cancellation);
        }
    }

    /// <summary>Asks a question that is answered by yes or no.</summary>
    public Task<bool> ConfirmAsync(string question, bool defaultAnswer, CancellationToken cancellation) =>
        Prompts.ConfirmAsync(_console.Value, question, defaultAnswer, cancellation);

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
            return new OnboardSecret(Secrets.OnOneLine(key), wasTyped: false, wasOffered: CanAsk);
        return CanAsk ? await TypedKeyAsync(cancellation) : null;
    }

    // Gateways in between may have keys of another form, so that one is only asked about.
    private async Task<OnboardSecret> TypedKeyAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var typed = await TypedAsync("Enter Anthropic API key", CredentialShape.KeyProblem, cancellation);
            if (CredentialShape.LooksLikeKey(typed.Value) || await ConfirmAsync(
                "This does not look like an API key (sk-ant-api…). Use it?", defaultAnswer: false, cancellation))
            {
                return typed;
            }
        }
    }

    private Task<string?> GivenAsync(Option<string?> option, CancellationToken cancellation) =>
        Secrets.FromOptionAsync(invocation.Get(option), invocation.Environment.In, cancellation);

    private Task<bool> WantedAsync(string key, CancellationToken cancellation) => ConfirmAsync(
        $"Use existing ANTHROPIC_API_KEY (env, {Secrets.Preview(key)})?", defaultAnswer: true, cancellation);

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
        return await TypedAsync("Paste Anthropic setup-token", CredentialShape.TokenProblem, cancellation);
    }

    private async Task<OnboardSecret> TypedAsync(
        string question, Func<string, string?> problem, CancellationToken cancellation) =>
        new(Secrets.OnOneLine(await Prompts.SecretAsync(_console.Value, question, cancellation, problem)), wasTyped: true);

    private async Task<string> NameAsync(string question, Func<string, string?> problem, CancellationToken cancellation)
    {
        var name = await Prompts.TextAsync(_console.Value, question, problem, cancellation);
        return string.IsNullOrWhiteSpace(name) ? "" : ProfileName.ToId("anthropic", name);
    }

    // The choice of a login of the Claude CLI; null if there is none on this machine, which is the server's.
    private string? ClaudeLogin()
    {
        if (invocation.Endpoint.SocketPath is null)
            return $"{ClaudeChoice} on the server's machine";
        var home = invocation.Environment.Variable("HOME") ?? "";
        var folder = invocation.Environment.Variable("CLAUDE_CONFIG_DIR")?.Trim() is { Length: > 0 } named
            ? named
            : Path.Combine(home, ".claude");
        var file = Path.Combine(folder, ".credentials.json");
        return File.Exists(file) ? $"{ClaudeChoice} ({invocation.Environment.ShortPath(file)})" : null;
    }

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
