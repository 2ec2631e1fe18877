using Spectre.Console;

namespace ClawGrpc.Cli.Invocations;

/// <summary>Everything outside of the program that it reads or writes; a test passes its own.</summary>
internal sealed record CliEnvironment
{
    /// <summary>Standard input.</summary>
    public required TextReader In { get; init; }

    /// <summary>Standard output: what was asked for, and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: errors, notices and receipts.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether standard input is a terminal, at which the program can ask questions.</summary>
    public required bool InputIsTerminal { get; init; }

    /// <summary>Whether standard output is a terminal.</summary>
    public required bool OutputIsTerminal { get; init; }

    /// <summary>The width of the terminal at standard output; null if it is none.</summary>
    public Func<int?> OutputColumns { get; init; } = static () => null;

    /// <summary>Whether standard error is a terminal.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Reads an environment variable; null if it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>What Ctrl-C does.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Creates the console for prompts. It writes to standard error, so that standard output can be redirected.
    /// A function, because creating a console costs start-up time.</summary>
    public required Func<IAnsiConsole> PromptConsole { get; init; }

    /// <summary>Creates the console that draws the live view on standard output.</summary>
    public required Func<IAnsiConsole> LiveConsole { get; init; }

    /// <summary>The environment of this process.</summary>
    public static CliEnvironment OfProcess() => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.IsErrorRedirected ? Console.Error : new WrappingWriter(Console.Error, () => Console.WindowWidth),
        InputIsTerminal = !Console.IsInputRedirected,
        OutputIsTerminal = !Console.IsOutputRedirected,
        OutputColumns = () => Console.IsOutputRedirected ? null : Console.WindowWidth,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Variable = Environment.GetEnvironmentVariable,
        PromptConsole = () =>
        {
            // Switches the terminal to single keys before a question is shown: Ctrl-D would be lost until then.
            if (!Console.IsInputRedirected)
                _ = Console.KeyAvailable;
            return AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        },
        LiveConsole = () => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }),
    };

    /// <summary>The path with <c>~</c> for the home folder.</summary>
    public string ShortPath(string path)
    {
        var home = Variable("HOME")?.TrimEnd('/');
        if (string.IsNullOrEmpty(home))
            return path;
        return path == home ? "~" : path.StartsWith(home + "/", StringComparison.Ordinal) ? "~" + path[home.Length..] : path;
    }
}
