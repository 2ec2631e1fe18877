using Spectre.Console;

namespace ClawGrpc.Cli;

/// <summary>All of the outside that the program touches, so that a test can be the outside.</summary>
internal sealed record Surroundings
{
    /// <summary>Standard input.</summary>
    public required TextReader In { get; init; }

    /// <summary>Standard output: what was asked for, and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error: errors, notices and receipts.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person sits at standard input and can be asked.</summary>
    public required bool InputIsTerminal { get; init; }

    /// <summary>Whether a person looks at standard output.</summary>
    public required bool OutputIsTerminal { get; init; }

    /// <summary>Reads an environment variable; null: it is not set.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Makes the console that asks questions. It writes to standard error, so that standard output can be redirected;
    /// made only when needed, because making it costs start-up time.</summary>
    public required Func<IAnsiConsole> Questions { get; init; }

    /// <summary>Makes the console that draws the live view on standard output.</summary>
    public required Func<IAnsiConsole> Screen { get; init; }

    /// <summary>The surroundings of this process.</summary>
    public static Surroundings OfProcess() => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.Error,
        InputIsTerminal = !Console.IsInputRedirected,
        OutputIsTerminal = !Console.IsOutputRedirected,
        Environment = System.Environment.GetEnvironmentVariable,
        Questions = () => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }),
        Screen = () => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }),
    };

    /// <summary>A path with the person's home folder as <c>~</c>.</summary>
    public string ShortPath(string path)
    {
        var home = Environment("HOME")?.TrimEnd('/');
        if (string.IsNullOrEmpty(home)) return path;
        return path == home ? "~" : path.StartsWith(home + "/", StringComparison.Ordinal) ? "~" + path[home.Length..] : path;
    }
}
