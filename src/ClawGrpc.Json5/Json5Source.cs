namespace ClawGrpc.Json5;

/// <summary>A text and the name it is known by, so that every value knows its file and position.</summary>
internal sealed class Json5Source
{
    /// <summary>Names a text.</summary>
    /// <param name="name">Usually the file's path; empty when the text came from nowhere in particular.</param>
    /// <param name="text">The whole text, byte order mark included if it has one.</param>
    public Json5Source(string name, string text)
    {
        Name = name;
        Text = text;
    }

    /// <summary>Usually the file's path; empty when the text came from nowhere in particular.</summary>
    public string Name { get; }

    /// <summary>The whole text.</summary>
    public string Text { get; }

    /// <summary>Line and column of an offset. Like the reference implementation, only a line feed ends a line.</summary>
    /// <param name="offset">From 0 to the length of the text.</param>
    public Json5Position PositionAt(int offset)
    {
        var before = Text.AsSpan(0, offset);
        return new Json5Position(before.Count('\n') + 1, offset - before.LastIndexOf('\n'));
    }

    /// <summary>The name: the text may hold secrets, and is never printed.</summary>
    public override string ToString() => Name;
}

/// <summary>A place in a text as people count.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
internal readonly record struct Json5Position(int Line, int Column)
{
    /// <summary><c>3:14</c></summary>
    public override string ToString() => $"{Line}:{Column}";
}

/// <summary>A stretch of a text.</summary>
/// <param name="Start">Offset of the first character.</param>
/// <param name="End">Offset after the last character.</param>
internal readonly record struct Json5Span(int Start, int End);
