using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options of <c>claw complete</c>, and their request.</summary>
internal sealed record CompleteOptions
{
    public Argument<string?> Prompt { get; } = new("prompt")
    {
        Description = "The prompt; - or none: from standard input",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Model { get; } = new("--model")
    {
        Description = "Model id or alias, with @profile to use only that profile",
        HelpName = "model",
    };

    public Option<string?> System { get; } = new("--system")
    {
        Description = "System prompt; @file: from a file",
        HelpName = "text",
    };

    public Option<string?> Session { get; } = new("--session")
    {
        Description = "Conversation key; keeps its profile, and so its prompt cache",
        HelpName = "id",
    };

    public Option<string?> Cache { get; } = new("--cache")
    {
        Description = "Prompt cache retention: none|short|long (default: as configured)",
        HelpName = "retention",
        CompletionSources = { "none", "short", "long" },
    };

    public Option<int?> MaxTokens { get; } = new("--max-tokens")
    {
        Description = "At most this many tokens of output; 0: only warm the prompt cache",
        HelpName = "n",
    };

    public Option<string?> Timeout { get; } = new("--timeout")
    {
        Description = "Give up when there is no whole answer after this time, such as 30s or 5m",
        HelpName = "duration",
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Output the completion and its receipt as one JSON document",
    };

    public Option<bool> Receipt { get; } = new("--receipt") { Description = "Show on standard error what was really done" };

    public Option<bool> Plan { get; } = new("--plan") { Description = "Show what would be done; nothing is sent" };

    public IEnumerable<Symbol> All => [Prompt, Model, System, Session, Cache, MaxTokens, Timeout, Json, Receipt, Plan];

    /// <summary>Reads what to complete from the options, from the file of <c>--system</c> and from standard input.</summary>
    /// <exception cref="CliFailure">There is no prompt, or an option has an invalid value.</exception>
    public async Task<CompletionInput> ReadAsync(Invocation invocation, CancellationToken cancellation)
    {
        var input = await SettingsAsync(invocation, cancellation);
        var prompt = new Message { Role = Role.User };
        prompt.Content.Add(TextOf(await PromptTextAsync(invocation, cancellation)));
        input.Messages.Messages.Add(prompt);
        return input;
    }

    /// <summary>Reads everything but the prompt.</summary>
    /// <exception cref="CliFailure">An option has an invalid value.</exception>
    public async Task<CompletionInput> SettingsAsync(Invocation invocation, CancellationToken cancellation)
    {
        var messages = new MessagesRequest();
        // Zero is valid: Anthropic reads the prompt into its cache and answers nothing.
        if (invocation.Get(MaxTokens) is { } maxTokens)
            messages.MaxTokens = maxTokens >= 0 ? maxTokens : throw CliFailure.Failed("--max-tokens must be >= 0.");
        var input = new CompletionInput
        {
            AgentId = invocation.AgentId,
            Model = invocation.Get(Model) ?? "",
            SessionId = invocation.Get(Session) ?? "",
            CacheRetention = RetentionOf(invocation.Get(Cache)),
            Messages = messages,
        };
        if (await SystemTextAsync(invocation, cancellation) is { } system)
            messages.System.Add(TextOf(system));
        return input;
    }

    /// <summary>How long the answer may take; null for no limit.</summary>
    /// <exception cref="CliFailure">The value is not a duration above zero.</exception>
    public TimeSpan? LongestOf(Invocation invocation)
    {
        if (invocation.Get(Timeout) is not { } text)
            return null;

        // Durations without a unit are days elsewhere, which is never meant here.
        if (!char.IsAsciiLetter(text.Trim().LastOrDefault()))
            throw CliFailure.Failed("--timeout needs a unit, such as 30s.");
        try
        {
            return DurationText.Parse(text) is var time && time > TimeSpan.Zero && time.TotalDays <= 1
                ? time : throw CliFailure.Failed("--timeout must be above zero, and at most a day.");
        }
        catch (FormatException exception)
        {
            throw CliFailure.Failed($"--timeout: {exception.Message}");
        }
    }

    private static ContentBlock TextOf(string text) => new() { Text = new TextBlock { Text = text } };

    /// <summary>The retention of a name.</summary>
    /// <exception cref="CliFailure">No retention has this name.</exception>
    public static CacheRetention RetentionOf(string? name) => name switch
    {
        null => CacheRetention.Unspecified,
        "none" => CacheRetention.None,
        "short" => CacheRetention.Short,
        "long" => CacheRetention.Long,
        _ => throw CliFailure.Failed($"--cache is one of none, short and long, not \"{name}\"."),
    };

    private async Task<string> PromptTextAsync(Invocation invocation, CancellationToken cancellation)
    {
        var prompt = invocation.Get(Prompt);
        if (prompt is null && invocation.Environment.InputIsTerminal)
            throw CliFailure.Failed("There is no prompt. Give it as an argument, or on standard input.");
        var text = prompt is null or "-" ? await Secrets.FromInputAsync(invocation.Environment.In, cancellation) : prompt;
        return string.IsNullOrWhiteSpace(text) ? throw CliFailure.Failed("The prompt is empty.") : text;
    }

    private async Task<string?> SystemTextAsync(Invocation invocation, CancellationToken cancellation)
    {
        var system = invocation.Get(System);
        if (system is null || !system.StartsWith('@'))
            return system;
        try
        {
            return await File.ReadAllTextAsync(system[1..], cancellation);
        }
        catch (Exception exception) when (FileProblem.Is(exception))
        {
            throw CliFailure.Failed($"--system {system}: {FileProblem.Of(exception, system[1..])}");
        }
    }
}
