using System.Globalization;
using System.Text;

namespace ClawGrpc.Json5;

/// <summary>
/// A text that is not JSON5. Message and place are those of the reference implementation (npm json5), which people search for:
/// <c>JSON5: invalid character 'x' at 3:14</c>, <c>JSON5: invalid end of input at 1:5</c>.
/// </summary>
internal sealed class Json5Exception : FormatException
{
    private Json5Exception(Json5Source source, string reason, Json5Position position)
        : base($"JSON5: {reason} at {position}")
    {
        SourceName = source.Name;
        Position = position;
    }

    /// <summary>The name of the text, usually its file's path; may be empty.</summary>
    public string SourceName { get; }

    /// <summary>
    /// Where, in the reference's way of counting: a line break that may not be there is at column 0 of the line that it opens,
    /// and a character of two UTF-16 units is at its second one.
    /// </summary>
    public Json5Position Position { get; }

    internal static Json5Exception InvalidAt(Json5Source source, int offset)
    {
        var position = source.PositionAt(offset);
        if (offset == source.Text.Length)
            return new Json5Exception(source, "invalid end of input", position);

        var valid = Rune.TryGetRuneAt(source.Text, offset, out var rune);
        var after = rune.Value == '\n' ? new Json5Position(position.Line + 1, 0)
            : position with { Column = position.Column + (valid ? rune.Utf16SequenceLength : 1) - 1 };
        return new Json5Exception(source, $"invalid character '{Printable(valid ? rune : Rune.ReplacementChar)}'", after);
    }

    internal static Json5Exception InvalidIdentifierAt(Json5Source source, int offset) =>
        new(source, "invalid identifier character", source.PositionAt(offset));

    internal static Json5Exception TooDeepAt(Json5Source source, int offset) =>
        new(source, $"nested deeper than {Json5Document.MaxDepth} levels", source.PositionAt(offset));

    private static string Printable(Rune rune) => rune.Value switch
    {
        '\'' => "\\'",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\f' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\v' => "\\v",
        '\0' => "\\0",
        0x2028 => "\\u2028",
        0x2029 => "\\u2029",
        < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
        _ => rune.ToString(),
    };
}
