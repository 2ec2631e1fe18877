namespace ClawGrpc.Json5;

/// <summary>
/// Goes through a text character by character. The reader builds values with it; the editor finds commas and comments with it.
/// </summary>
internal sealed partial class Json5Scanner(Json5Source source, int offset)
{
    /// <summary>What <see cref="Peek"/> gives at the end of the text.</summary>
    public const int End = -1;

    private readonly string _text = source.Text;

    /// <summary>The offset of the next character.</summary>
    public int Offset { get; private set; } = offset;

    /// <summary>Whether a line can end with the character: in comments all four do.</summary>
    public static bool IsLineEnd(int code) => code is '\n' or '\r' or 0x2028 or 0x2029;

    /// <summary>The next code point (a lone surrogate counts as one), or <see cref="End"/>.</summary>
    public int Peek()
    {
        if (Offset == _text.Length)
            return End;

        var next = _text[Offset];
        return char.IsHighSurrogate(next) && Offset + 1 < _text.Length && char.IsLowSurrogate(_text[Offset + 1])
            ? char.ConvertToUtf32(next, _text[Offset + 1])
            : next;
    }

    /// <summary>Goes past the next code point.</summary>
    public void Skip() => Offset += Peek() > char.MaxValue ? 2 : 1;

    /// <summary>Goes past the next code point when it is this one.</summary>
    public bool TrySkip(int code)
    {
        if (Peek() != code)
            return false;

        Skip();
        return true;
    }

    /// <summary>Goes past white space and comments.</summary>
    /// <exception cref="Json5Exception">A comment is not closed, or a slash begins none.</exception>
    public void SkipBlank()
    {
        while (true)
        {
            var next = Peek();
            if (next == '/')
            {
                SkipComment();
            }
            else if (IsBlank(next))
            {
                Skip();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Goes past white space that does not end the line.</summary>
    public void SkipSpaces()
    {
        while (Peek() is var next && IsBlank(next) && !IsLineEnd(next))
            Skip();
    }

    /// <summary>Goes past a comment that begins here.</summary>
    /// <exception cref="Json5Exception">It is not closed, or the slash begins none.</exception>
    public void SkipComment()
    {
        Skip();
        if (TrySkip('/'))
        {
            while (Peek() is var next && next != End && !IsLineEnd(next))
                Skip();
        }
        else if (TrySkip('*'))
        {
            var close = _text.IndexOf("*/", Offset, StringComparison.Ordinal);
            Offset = close < 0 ? _text.Length : close + 2;
            if (close < 0)
                throw Invalid();
        }
        else
        {
            throw Invalid();
        }
    }

    /// <summary>The next character may not stand here.</summary>
    public Json5Exception Invalid() => Json5Exception.InvalidAt(source, Offset);

    private static bool IsBlank(int code) => IsLineEnd(code)
        || code is '\t' or '\v' or '\f' or ' ' or 0xA0 or 0xFEFF or 0x1680 or (>= 0x2000 and <= 0x200A)
            or 0x202F or 0x205F or 0x3000;
}
