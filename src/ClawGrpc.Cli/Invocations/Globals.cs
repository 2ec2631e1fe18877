using System.CommandLine;
using ClawGrpc.Cli.Completing;

namespace ClawGrpc.Cli.Invocations;

/// <summary>The options that every command has, and the environment that every command runs in.</summary>
internal sealed record Globals(CliEnvironment Environment)
{
    /// <summary>Where the server listens.</summary>
    public Option<string?> Endpoint { get; } = new("--endpoint")
    {
        Description = "Server (default: CLAWGRPC_ENDPOINT, else the state folder's socket)",
        HelpName = "unix:PATH|URL",
        Recursive = true,
    };

    /// <summary>The context that names the server.</summary>
    public Option<string?> Context { get; } = new("--context")
    {
        Description = "Context with the server (default: CLAW_CONTEXT, else claw contexts use)",
        HelpName = "name",
        Recursive = true,
        CompletionSources = { CompletedNames.OfContexts },
    };

    /// <summary>The agent.</summary>
    public Option<string?> Agent { get; } = new("--agent", "-a")
    {
        Description = "Agent id (default: configured default agent)",
        HelpName = "id",
        Recursive = true,
    };

    /// <summary>The file with the token that calls show.</summary>
    public Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = "File with a token (default: CLAWGRPC_TOKEN_FILE, else CLAWGRPC_TOKEN)",
        HelpName = "path",
        Recursive = true,
    };

    /// <summary>The CA of the server.</summary>
    public Option<string?> Ca { get; } = new("--ca")
    {
        Description = "PEM file with the CA of the server (default: CLAWGRPC_CA_FILE, else the system's)",
        HelpName = "path",
        Recursive = true,
    };

    /// <summary>Creates a command with an action.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">Its line in the help.</param>
    /// <param name="symbols">Its options and arguments.</param>
    /// <param name="run">Its action; returns the exit code.</param>
    public Command Command(
        string name, string description, IEnumerable<Symbol> symbols, Func<Invocation, CancellationToken, Task<int>> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option<string?> text)
                TakeLast(text);
            if (symbol is Option named && ShortNames.GetValueOrDefault(named.Name) is { } letter)
                named.Aliases.Add(letter);
            if (symbol is Option option)
                command.Add(option);
            else
                command.Add((Argument)symbol);
        }

        command.SetAction(async (parsed, cancellation) =>
        {
            using var invocation = new Invocation(parsed, this);
            return await run(invocation, cancellation);
        });
        return command;
    }

    // The same letter for the same option in all commands.
    private static readonly Dictionary<string, string> ShortNames = new(StringComparer.Ordinal)
    {
        ["--json"] = "-j",
        ["--model"] = "-m",
        ["--yes"] = "-y",
    };

    // When an option is given twice, the last value wins, as in OpenClaw: a script can append to a command line.
    private static void TakeLast(Option<string?> option)
    {
        option.Arity = new ArgumentArity(option.Arity.MinimumNumberOfValues, byte.MaxValue);
        option.CustomParser = result => result.Tokens.Count > 0 ? result.Tokens[^1].Value : null;
    }

    /// <summary>Creates a command that only groups others; called by itself, it prints its help.</summary>
    public static Command Group(string name, string description, params Command[] commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands)
            group.Add(command);
        group.SetAction(parsed => HelpText.Write(parsed));
        return group;
    }
}
