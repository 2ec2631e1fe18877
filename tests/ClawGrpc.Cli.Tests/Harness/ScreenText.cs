using System.Globalization;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>What a terminal shows: text, line breaks, and the few sequences that a line editor writes.</summary>
internal sealed class ScreenText
{
    private const char Cursor = '█';

    // A character of two cells leaves the second one empty.
    private readonly List<string?[]> _rows = [];
    private readonly int _width;
    private int _row;
    private int _column;

    private ScreenText(int width) => _width = width;

    /// <summary>The rows of a terminal, with █ where the cursor stands.</summary>
    /// <param name="written">All that was written to it.</param>
    /// <param name="width">Its width, in cells.</param>
    public static string Of(string written, int width)
    {
        var screen = new ScreenText(width);
        for (var index = 0; index < written.Length;)
            index += screen.Take(written, index);
        screen.Row()[Math.Min(screen._column, width - 1)] = Cursor.ToString();
        return string.Join('\n', screen._rows.Select(row => string.Concat(row.Select(cell => cell ?? " ")).TrimEnd()));
    }

    private int Take(string written, int index)
    {
        switch (written[index])
        {
            case '\r':
                _column = 0;
                return 1;
            case '\n':
                (_row, _column) = (_row + 1, 0);
                return 1;
            case '\e':
                var end = index + 2;
                while (!char.IsAsciiLetter(written[end]))
                    end++;
                Obey(written[end], written[(index + 2)..end]);
                return end + 1 - index;
            default:
                var length = StringInfo.GetNextTextElementLength(written, index);
                Put(written.Substring(index, length));
                return length;
        }
    }

    private void Put(string element)
    {
        var cells = new Segment(element).CellCount();
        if (_column + cells > _width)
            (_row, _column) = (_row + 1, 0);
        Row()[_column] = element;
        if (cells > 1)
            Row()[_column + 1] = "";
        _column += cells;
    }

    private void Obey(char final, string number)
    {
        switch (final)
        {
            case 'A':
                _row = Math.Max(0, _row - int.Parse(number, CultureInfo.InvariantCulture));
                break;
            case 'J':
                Array.Clear(Row(), _column, _width - _column);
                _rows.RemoveRange(_row + 1, _rows.Count - _row - 1);
                break;
        }
    }

    private string?[] Row()
    {
        while (_rows.Count <= _row)
            _rows.Add(new string?[_width]);
        return _rows[_row];
    }
}
