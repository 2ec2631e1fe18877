using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Input;

/// <summary>An edited text as rows of a screen.</summary>
/// <param name="Rows">What stands in each row.</param>
/// <param name="Row">The index of the row with the cursor.</param>
/// <param name="BeforeCursor">What stands left of the cursor in that row. It is written again to place the cursor: terminals do
/// not agree how wide an emoji of several characters is.</param>
/// <param name="EndCells">The width of the last row, in cells.</param>
internal sealed record EditedRows(IReadOnlyList<string> Rows, int Row, string BeforeCursor, int EndCells)
{
    private const string Tab = "    ";
    private const char EmojiForm = '\uFE0F';

    /// <summary>Lays a text out.</summary>
    /// <param name="prompt">Stands before the first line; blanks of its width stand before the others.</param>
    /// <param name="text">The text.</param>
    /// <param name="cursor">An index of the text.</param>
    /// <param name="width">The width of the screen, in cells.</param>
    public static EditedRows Of(string prompt, string text, int cursor, int width)
    {
        var indent = new Segment(prompt).CellCount();

        // The widest character must find a place.
        width = Math.Max(width, indent + Tab.Length);
        var rows = new List<string>();
        var (row, cells) = (new StringBuilder(prompt), indent);
        var (cursorRow, before) = (0, "");
        for (var index = 0; index < text.Length;)
        {
            var length = StringInfo.GetNextTextElementLength(text, index);
            var shown = text[index] == '\t' ? Tab : text.Substring(index, length);
            var isBreak = text[index] == '\n';
            var needed = isBreak ? 0 : CellsOf(shown);
            if (cells + needed > width)
                Begin("");
            if (index <= cursor)
                (cursorRow, before) = (rows.Count, row.ToString());
            if (isBreak)
                Begin(new string(' ', indent));
            else
                row.Append(shown);
            cells += needed;
            index += length;
        }

        // A terminal that has filled a row stays in it until the next character.
        if (cells >= width)
            Begin("");
        if (cursor >= text.Length)
            (cursorRow, before) = (rows.Count, row.ToString());
        rows.Add(row.ToString());
        return new EditedRows(rows, cursorRow, before, cells);

        void Begin(string start)
        {
            rows.Add(row.ToString());
            row.Clear().Append(start);
            cells = start.Length;
        }
    }

    // Never less than what a terminal takes.
    private static int CellsOf(string element)
    {
        var cells = element.EnumerateRunes().Sum(rune => new Segment(rune.ToString()).CellCount());
        return element.Contains(EmojiForm) ? Math.Max(2, cells) : cells;
    }
}
