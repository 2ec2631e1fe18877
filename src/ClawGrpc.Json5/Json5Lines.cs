namespace ClawGrpc.Json5;

/// <summary>
/// How a text is laid out in lines: what stands before a place on its line, and which comments belong to its end.
/// </summary>
internal static class Json5Lines
{
    /// <summary>The offset where the line of a place begins.</summary>
    public static int StartOfLine(this Json5Source source, int offset)
    {
        var start = offset;
        while (start > 0 && !Json5Scanner.IsLineEnd(source.Text[start - 1]))
            start--;

        return start;
    }

    /// <summary>The offset of the line break, or of the text's end, that ends the line of a place.</summary>
    public static int EndOfLine(this Json5Source source, int offset)
    {
        var end = offset;
        while (end < source.Text.Length && !Json5Scanner.IsLineEnd(source.Text[end]))
            end++;

        return end;
    }

    /// <summary>The offset after the line break at <paramref name="offset"/>; the offset itself when there is none.</summary>
    public static int AfterLineBreak(this Json5Source source, int offset) =>
        source.Text.AsSpan(offset) is ['\r', '\n', ..] ? offset + 2
        : offset < source.Text.Length && Json5Scanner.IsLineEnd(source.Text[offset]) ? offset + 1
        : offset;

    /// <summary>The white space that the line of a place begins with.</summary>
    public static string IndentAt(this Json5Source source, int offset)
    {
        var start = source.StartOfLine(offset);
        return source.Text[start..source.AfterSpaces(start)];
    }

    /// <summary>Whether only white space stands before a place on its line, and the line is not the text's first.</summary>
    public static bool IsFirstOnLine(this Json5Source source, int offset)
    {
        var start = source.StartOfLine(offset);
        return start > 0 && source.AfterSpaces(start) == offset;
    }

    /// <summary>The offset after white space that does not end the line.</summary>
    public static int AfterSpaces(this Json5Source source, int offset)
    {
        var scanner = new Json5Scanner(source, offset);
        scanner.SkipSpaces();
        return scanner.Offset;
    }

    /// <summary>
    /// The offset after the last comment that follows a place on its own line; the place itself when none does. A comment that
    /// goes on in the next line belongs to what comes there.
    /// </summary>
    public static int AfterTrailingComments(this Json5Source source, int offset)
    {
        var scanner = new Json5Scanner(source, offset);
        var after = offset;
        for (scanner.SkipSpaces(); scanner.Peek() == '/'; scanner.SkipSpaces())
        {
            scanner.SkipComment();
            if (scanner.Offset > source.EndOfLine(offset))
                break;

            after = scanner.Offset;
        }

        return after;
    }

    /// <summary>Whether nothing but white space stands between two places, line breaks included.</summary>
    public static bool IsBlank(this Json5Source source, int start, int end)
    {
        var scanner = new Json5Scanner(source, start);
        for (scanner.SkipSpaces(); scanner.Offset < end && Json5Scanner.IsLineEnd(scanner.Peek()); scanner.SkipSpaces())
            scanner.Skip();

        return scanner.Offset >= end;
    }
}
