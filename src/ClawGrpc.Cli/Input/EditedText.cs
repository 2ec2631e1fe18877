using System.Globalization;
using System.Text;

namespace ClawGrpc.Cli.Input;

/// <summary>A text that is edited, and the place of the cursor in it: always between two characters as a person sees
/// them.</summary>
internal sealed class EditedText
{
    private readonly StringBuilder _text = new();

    /// <summary>The text; its lines end with <c>\n</c>.</summary>
    public string Text => _text.ToString();

    /// <summary>The index behind which the cursor stands.</summary>
    public int Cursor { get; private set; }

    public bool IsEmpty => _text.Length == 0;

    public bool IsAtEnd => Cursor == _text.Length;

    /// <summary>Replaces the text; the cursor stands at its end.</summary>
    public void Set(string text)
    {
        _text.Clear().Append(text);
        Cursor = _text.Length;
    }

    /// <summary>Inserts a character at the cursor. One beyond 0xFFFF comes in two halves.</summary>
    public void Insert(char character) => _text.Insert(Cursor++, character);

    public void MoveLeft() => Cursor = StartBefore();

    public void MoveRight() => Cursor = EndAfter();

    public void MoveHome() => Cursor = 0;

    public void MoveEnd() => Cursor = _text.Length;

    public void EraseBack() => EraseFrom(StartBefore());

    public void EraseForward() => _text.Remove(Cursor, EndAfter() - Cursor);

    public void EraseBefore() => EraseFrom(0);

    public void EraseAfter() => _text.Remove(Cursor, _text.Length - Cursor);

    /// <summary>Erases the word before the cursor, and the blanks between.</summary>
    public void EraseWord()
    {
        var start = Cursor;
        while (start > 0 && char.IsWhiteSpace(_text[start - 1]))
            start--;
        while (start > 0 && !char.IsWhiteSpace(_text[start - 1]))
            start--;
        EraseFrom(start);
    }

    private void EraseFrom(int start)
    {
        _text.Remove(start, Cursor - start);
        Cursor = start;
    }

    private int StartBefore() =>
        StringInfo.ParseCombiningCharacters(Text).LastOrDefault(start => start < Cursor);

    private int EndAfter() => Cursor + StringInfo.GetNextTextElementLength(Text, Cursor);
}
