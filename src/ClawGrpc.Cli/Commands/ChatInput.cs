using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using Spectre.Console;

namespace ClawGrpc.Cli.Commands;

/// <summary>Where a chat reads lines, and where it says what is not part of an answer: a terminal, or a pipe without
/// prompts.</summary>
internal sealed class ChatInput : IDisposable
{
    private const string Prompt = "> ";

    private readonly CliEnvironment _environment;
    private readonly IAnsiConsole? _console;
    private readonly LineEditor? _editor;

    public ChatInput(CliEnvironment environment)
    {
        _environment = environment;
        _console = environment.InputIsTerminal ? environment.PromptConsole() : null;
        _editor = _console is null ? null : new LineEditor(_console, Prompt);

        // A line is read key by key, and something is drawn after each.
        environment.Interrupts.KeepsBetweenParts = IsTerminal;
    }

    /// <summary>Whether a person types.</summary>
    public bool IsTerminal => _console is not null;

    /// <summary>The next message; null at the end.</summary>
    /// <exception cref="OperationCanceledException">Ctrl-C was pressed on an empty line.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellation)
    {
        if (_editor is null)
            return await _environment.In.ReadLineAsync(cancellation);

        // It was for an answer that has ended by itself.
        _environment.Interrupts.Forget();
        return await _editor.ReadAsync(read => _environment.Interrupts.DuringAsync(read, cancellation));
    }

    /// <summary>A line about the chat.</summary>
    public void Say(string text)
    {
        if (_console is null)
            _environment.Error.Write(text + "\n");
        else
            _console.WriteLine(text);
    }

    /// <summary>A line that matters less than the answer above it.</summary>
    public void SayDimly(string text)
    {
        if (_console is null)
            _environment.Error.Write(text + "\n");
        else
            _console.Write(new Text(text + "\n", new Style(decoration: Decoration.Dim)));
    }

    /// <summary>Leaves the terminal as it was.</summary>
    public void Dispose()
    {
        _environment.Interrupts.KeepsBetweenParts = false;
        _editor?.Dispose();
    }
}
