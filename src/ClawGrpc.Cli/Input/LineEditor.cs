using Spectre.Console;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Input;

/// <summary>Reads messages at a terminal: lines that can be edited, and pastes of several lines. What Ctrl-C does depends on
/// whether something is typed, which the runtime's own reader does not tell.</summary>
internal sealed class LineEditor : IDisposable
{
    private const string PastesMarked = "\e[?2004h";
    private const string PastesUnmarked = "\e[?2004l";

    private readonly IAnsiConsole _console;
    private readonly string _prompt;
    private readonly EditorKeys _keys;
    private readonly TerminalReset _reset;
    private readonly EditedText _text = new();
    private readonly List<string> _earlier = [];

    // The row of the screen with the cursor, from the first one of the text; the cells of the text's last row; whether not all of
    // it is shown.
    private int _row;
    private int _cells;
    private bool _isCut;

    // The message that is shown, an index of the earlier ones; their number for the one that is written.
    private int _shown;
    private string _draft = "";
    private bool _isPasting;
    private char _lastPasted;

    /// <summary>Begins to read. Until the end the terminal marks what is pasted, also while nothing is read.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="prompt">Stands before each message.</param>
    public LineEditor(IAnsiConsole console, string prompt)
    {
        (_console, _prompt, _keys) = (console, prompt, new EditorKeys(console));
        _reset = new TerminalReset(console, PastesUnmarked);
        if (console.Profile.Capabilities.Ansi)
            Write(PastesMarked);
    }

    private TextWriter Out => _console.Profile.Out.Writer;

    /// <summary>Reads a message.</summary>
    /// <param name="interrupted">Reads keys until Ctrl-C, which cancels the token that it passes.</param>
    /// <returns>The message; null after Ctrl-D on an empty line.</returns>
    /// <exception cref="OperationCanceledException">Ctrl-C on an empty line; otherwise it only erases what is typed.</exception>
    public async Task<string?> ReadAsync(Func<Func<CancellationToken, Task<ConsoleKeyInfo?>>, Task<ConsoleKeyInfo?>> interrupted)
    {
        (_row, _cells, _isCut, _shown, _draft) = (0, new Segment(_prompt).CellCount(), false, _earlier.Count, "");
        _text.Set("");
        Write(_prompt);
        while (true)
        {
            if (await KeyAsync(interrupted) is not var (key, character))
            {
                if (_text.IsEmpty && !_isPasting)
                    throw new OperationCanceledException();
                _isPasting = false;
                _text.Set("");
                Draw();
            }
            else if (_isPasting)
            {
                Paste(key, character);
            }
            else if (key == EditorKey.Enter)
            {
                return End();
            }
            else if (key == EditorKey.EndOfInput && _text.IsEmpty)
            {
                Write("\n");
                return null;
            }
            else if (key == EditorKey.Character)
            {
                Insert(character);
            }
            else if (Edit(key))
            {
                Draw();
            }
        }
    }

    /// <summary>Leaves the terminal as it was.</summary>
    public void Dispose()
    {
        _reset.Dispose();
        if (_console.Profile.Capabilities.Ansi)
            Write(PastesUnmarked);
    }

    // Null after Ctrl-C.
    private async Task<(EditorKey Key, char Character)?> KeyAsync(
        Func<Func<CancellationToken, Task<ConsoleKeyInfo?>>, Task<ConsoleKeyInfo?>> interrupted)
    {
        try
        {
            return await _keys.ReadAsync(
                () => interrupted(cancellation => _console.Input.ReadKeyAsync(intercept: true, cancellation)));
        }
        catch (OperationCanceledException) when (!_text.IsEmpty || _isPasting)
        {
            return null;
        }
    }

    private bool Edit(EditorKey key)
    {
        switch (key)
        {
            case EditorKey.Left:
                _text.MoveLeft();
                break;
            case EditorKey.Right:
                _text.MoveRight();
                break;
            case EditorKey.Home:
                _text.MoveHome();
                break;
            case EditorKey.End:
                _text.MoveEnd();
                break;
            case EditorKey.Backspace:
                _text.EraseBack();
                break;
            case EditorKey.Delete or EditorKey.EndOfInput:
                _text.EraseForward();
                break;
            case EditorKey.EraseBefore:
                _text.EraseBefore();
                break;
            case EditorKey.EraseAfter:
                _text.EraseAfter();
                break;
            case EditorKey.EraseWord:
                _text.EraseWord();
                break;
            case EditorKey.Escape:
                _text.Set("");
                break;
            case EditorKey.Up or EditorKey.Down:
                Recall(key == EditorKey.Up ? _shown - 1 : _shown + 1);
                break;
            case EditorKey.PasteBegin:
                (_isPasting, _lastPasted) = (true, '\0');
                return false;
            default:
                return false;
        }

        return true;
    }

    private void Recall(int index)
    {
        if (index < 0 || index > _earlier.Count)
            return;
        if (_shown == _earlier.Count)
            _draft = _text.Text;
        _shown = index;
        _text.Set(index == _earlier.Count ? _draft : _earlier[index]);
    }

    private void Insert(char character)
    {
        if (character == '\t')
            return;
        var isPlain = _text.IsAtEnd && character is >= ' ' and <= '~' && _cells + 1 < _console.Profile.Width;
        _text.Insert(character);
        if (isPlain)
        {
            _cells++;
            Write(character.ToString());
        }
        else if (!char.IsHighSurrogate(character))
        {
            // The first half of a pair is no character yet.
            Draw();
        }
    }

    // Only text: keys in a paste are not pressed by a person.
    private void Paste(EditorKey key, char character)
    {
        if (key == EditorKey.PasteEnd)
        {
            _isPasting = false;
            Draw();
        }
        else if (key == EditorKey.Character)
        {
            _text.Insert(character);
        }
        else if (key == EditorKey.Enter && !(character == '\n' && _lastPasted == '\r'))
        {
            _text.Insert('\n');
        }

        _lastPasted = character;
    }

    private string End()
    {
        if (_isCut || !_text.IsAtEnd)
        {
            _text.MoveEnd();
            Draw(whole: true);
        }

        // The cursor has left a full row already.
        if (_cells > 0)
            Write("\n");
        var message = _text.Text.TrimEnd('\n');
        if (message.Length > 0 && (_earlier.Count == 0 || _earlier[^1] != message))
            _earlier.Add(message);
        return message;
    }

    // Writes each row by itself, so that it does not matter how a terminal goes on to the next one. What does not fit on the
    // screen cannot be overwritten: only the rows that end with that of the cursor are shown.
    private void Draw(bool whole = false)
    {
        var rows = EditedRows.Of(_prompt, _text.Text, _text.Cursor, _console.Profile.Width);
        var height = whole ? rows.Rows.Count : Math.Max(1, _console.Profile.Height);
        var first = Math.Max(0, rows.Row - height + 1);
        var visible = rows.Rows.Skip(first).Take(height).ToList();
        var up = visible.Count - 1 - (rows.Row - first);
        var place = up == 0 && rows.BeforeCursor == visible[^1] ? "" : $"{Up(up)}\r{rows.BeforeCursor}";
        Write($"{Up(_row)}\r\e[J{string.Join("\r\n", visible)}{place}");
        (_row, _cells, _isCut) = (rows.Row - first, rows.EndCells, visible.Count < rows.Rows.Count);
    }

    private static string Up(int rows) => rows > 0 ? $"\e[{rows}A" : "";

    private void Write(string text)
    {
        Out.Write(text);
        Out.Flush();
    }
}
