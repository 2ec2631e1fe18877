using Spectre.Console;

namespace ClawGrpc.Cli.Input;

/// <summary>What a key means to a line that is edited.</summary>
internal enum EditorKey
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A character of the text, or half of one.</summary>
    Character,
    Enter,
    Left,
    Right,
    Home,
    End,
    Up,
    Down,
    Backspace,
    Delete,
    EraseBefore,
    EraseAfter,
    EraseWord,
    Escape,

    /// <summary>Ctrl-D.</summary>
    EndOfInput,
    PasteBegin,
    PasteEnd,
}

/// <summary>Reads the keys of a terminal. The runtime does not know the marks of a paste, ESC [200~ and ESC [201~: it passes them
/// on key by key, with the first two as one key or as two.</summary>
/// <param name="console">The terminal.</param>
internal sealed class EditorKeys(IAnsiConsole console)
{
    // Between the parts of a sequence that came in two; nobody types as fast.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private ConsoleKeyInfo? _next;

    /// <summary>The next key, and its character; null if there is none any more.</summary>
    /// <param name="readAsync">Reads one key of the terminal.</param>
    public async Task<(EditorKey Key, char Character)?> ReadAsync(Func<Task<ConsoleKeyInfo?>> readAsync)
    {
        var key = _next ?? await readAsync();
        _next = null;
        switch (key)
        {
            case null:
                return null;
            case { Key: ConsoleKey.Escape }:
                if (!await MoreComesAsync())
                    return (EditorKey.Escape, '\0');
                _next = await readAsync();
                if (_next?.KeyChar != '[')
                    return (EditorKey.Escape, '\0');
                _next = null;
                return (await SequenceAsync(readAsync), '\0');
            case { KeyChar: '[', Modifiers: ConsoleModifiers.Alt }:
                return (await MoreComesAsync() ? await SequenceAsync(readAsync) : EditorKey.None, '\0');
            default:
                return (Of(key.Value), key.Value.KeyChar);
        }
    }

    private async Task<bool> MoreComesAsync()
    {
        if (!console.Input.IsKeyAvailable())
            await Task.Delay(Pause);
        return console.Input.IsKeyAvailable();
    }

    // What follows ESC [: numbers, and a character that ends it.
    private static async Task<EditorKey> SequenceAsync(Func<Task<ConsoleKeyInfo?>> readAsync)
    {
        var numbers = "";
        while (await readAsync() is { KeyChar: var character })
        {
            if (!char.IsAsciiDigit(character) && character != ';')
            {
                return (numbers, character) switch
                {
                    ("200", '~') => EditorKey.PasteBegin,
                    ("201", '~') => EditorKey.PasteEnd,

                    // These are known to the runtime, unless they came in two parts.
                    (_, 'A') => EditorKey.Up,
                    (_, 'B') => EditorKey.Down,
                    (_, 'C') => EditorKey.Right,
                    (_, 'D') => EditorKey.Left,
                    (_, 'H') => EditorKey.Home,
                    (_, 'F') => EditorKey.End,
                    ("3", '~') => EditorKey.Delete,
                    _ => EditorKey.None,
                };
            }

            numbers += character;
        }

        return EditorKey.None;
    }

    private static EditorKey Of(ConsoleKeyInfo key) => key switch
    {
        { Key: ConsoleKey.Enter } => EditorKey.Enter,
        { Key: ConsoleKey.LeftArrow } or { KeyChar: '\u0002' } => EditorKey.Left,
        { Key: ConsoleKey.RightArrow } or { KeyChar: '\u0006' } => EditorKey.Right,
        { Key: ConsoleKey.UpArrow } or { KeyChar: '\u0010' } => EditorKey.Up,
        { Key: ConsoleKey.DownArrow } or { KeyChar: '\u000e' } => EditorKey.Down,
        { Key: ConsoleKey.Home } or { KeyChar: '\u0001' } => EditorKey.Home,
        { Key: ConsoleKey.End } or { KeyChar: '\u0005' } => EditorKey.End,
        { Key: ConsoleKey.Backspace } => EditorKey.Backspace,
        { Key: ConsoleKey.Delete } => EditorKey.Delete,
        { KeyChar: '\u0004' } => EditorKey.EndOfInput,
        { KeyChar: '\u000b' } => EditorKey.EraseAfter,
        { KeyChar: '\u0015' } => EditorKey.EraseBefore,
        { KeyChar: '\u0017' } => EditorKey.EraseWord,
        { KeyChar: '\t' } => EditorKey.Character,
        { KeyChar: var character } => char.IsControl(character) ? EditorKey.None : EditorKey.Character,
    };
}
