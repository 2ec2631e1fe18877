using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Input;

/// <summary>Reads lines at a terminal. What Ctrl-C does depends on whether something is typed, which the runtime's own reader
/// does not tell.</summary>
/// <param name="console">The terminal.</param>
/// <param name="prompt">Stands before each line.</param>
internal sealed class LineEditor(IAnsiConsole console, string prompt)
{
    private const char EndOfTransmission = '\u0004';
    private const char EraseLine = '\u0015';

    private readonly StringBuilder _text = new();

    private TextWriter Out => console.Profile.Out.Writer;

    /// <summary>Reads a line.</summary>
    /// <param name="interrupted">Reads keys until Ctrl-C, which cancels the token that it passes.</param>
    /// <returns>The line; null after Ctrl-D on an empty one.</returns>
    /// <exception cref="OperationCanceledException">Ctrl-C on an empty line; otherwise it only erases the line.</exception>
    public async Task<string?> ReadAsync(Func<Func<CancellationToken, Task<ConsoleKeyInfo?>>, Task<ConsoleKeyInfo?>> interrupted)
    {
        _text.Clear();
        Write(prompt);
        while (true)
        {
            ConsoleKeyInfo? key;
            try
            {
                key = await interrupted(cancellation => console.Input.ReadKeyAsync(intercept: true, cancellation));
            }
            catch (OperationCanceledException) when (_text.Length > 0)
            {
                Erase();
                continue;
            }

            if (key is null)
            {
                if (_text.Length == 0)
                    throw new OperationCanceledException();
                Erase();
                continue;
            }

            switch (key.Value)
            {
                case { Key: ConsoleKey.Enter }:
                    Write("\n");
                    return _text.ToString();
                case { KeyChar: EndOfTransmission }:
                    if (_text.Length > 0)
                        break;
                    Write("\n");
                    return null;
                case { Key: ConsoleKey.Escape } or { KeyChar: EraseLine }:
                    Erase();
                    break;
                case { Key: ConsoleKey.Backspace }:
                    RemoveLast();
                    break;
                case { KeyChar: var character } when !char.IsControl(character):
                    _text.Append(character);

                    // The first half of a pair is no character yet.
                    if (char.IsLowSurrogate(character) && _text.Length > 1)
                        Write(_text.ToString(_text.Length - 2, 2));
                    else if (!char.IsHighSurrogate(character))
                        Write(character.ToString());
                    break;
            }
        }
    }

    private void RemoveLast()
    {
        if (_text.Length == 0)
            return;
        var pair = _text.Length > 1 && char.IsLowSurrogate(_text[^1]) && char.IsHighSurrogate(_text[^2]);
        var left = _text.ToString(0, _text.Length - (pair ? 2 : 1));
        Erase();
        _text.Append(left);
        Write(left);
    }

    // The line may take several rows of the screen: back to the first one, and everything from there on is erased.
    private void Erase()
    {
        var cells = new Segment(prompt + _text).CellCount();
        var rows = cells == 0 ? 0 : (cells - 1) / Math.Max(1, console.Profile.Width);
        _text.Clear();
        Write((rows > 0 ? $"\e[{rows}A" : "") + $"\r\e[J{prompt}");
    }

    private void Write(string text)
    {
        Out.Write(text);
        Out.Flush();
    }
}
