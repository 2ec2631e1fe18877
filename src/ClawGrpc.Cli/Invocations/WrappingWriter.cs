using System.Text;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Invocations;

/// <summary>Writes to a terminal and breaks long lines at blanks, not at the edge of the screen. Words that are longer than a row
/// stay whole: a path can still be copied.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="columns">Its width; asked for at each line, because it can change.</param>
internal sealed class WrappingWriter(TextWriter terminal, Func<int> columns) : TextWriter
{
    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => terminal.Write(value);

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        // What moves the cursor has a place of its own.
        terminal.Write(value is null || value.Any(character => character is '\e' or '\r')
            ? value
            : string.Join('\n', value.Split('\n').Select(line => Wrap(line, columns()))));
    }

    public override void Flush() => terminal.Flush();

    /// <summary>A line with breaks in place of blanks. What is indented stays so.</summary>
    public static string Wrap(string line, int columns)
    {
        // No character takes more than two cells.
        if (columns <= 0 || (line.Length <= columns && (2 * line.Length <= columns || CellsOf(line) <= columns)))
            return line;
        var indent = line[..(line.Length - line.TrimStart(' ').Length)];
        var text = new StringBuilder(indent);
        var cells = indent.Length;
        var isFirst = true;
        foreach (var word in line[indent.Length..].Split(' '))
        {
            var needed = CellsOf(word);
            var hasPlace = isFirst || cells + 1 + needed <= columns;
            if (!isFirst && hasPlace)
                text.Append(' ');
            if (!hasPlace)
                text.Append('\n').Append(indent);
            text.Append(word);
            cells = (hasPlace ? cells + (isFirst ? 0 : 1) : indent.Length) + needed;
            isFirst = false;
        }

        return text.ToString();
    }

    private static int CellsOf(string text) => Ascii.IsValid(text) ? text.Length : new Segment(text).CellCount();
}
