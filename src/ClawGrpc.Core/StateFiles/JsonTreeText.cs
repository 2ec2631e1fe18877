using System.Globalization;
using System.Text;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Writes JSON byte for byte as <c>JSON.stringify(value, null, 2)</c> does, which is how every program of the family writes.
/// </summary>
internal static class JsonTreeText
{
    /// <summary>The text of a value, without a line break at the end.</summary>
    public static string Of(JsonTree value)
    {
        var text = new StringBuilder();
        Write(text, value, "\n");
        return text.ToString();
    }

    /// <summary>
    /// How a number is written back: as by JavaScript (<c>1.0</c> becomes <c>1</c>), but unchanged if JavaScript, which has only
    /// doubles, would write another number.
    /// </summary>
    /// <param name="source">A JSON number.</param>
    /// <param name="value">As JavaScript sees it.</param>
    public static string NumberOf(string source, out double value)
    {
        value = double.Parse(source, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
            return source;
        var written = Javascript(value);
        return Decimal.Of(written) == Decimal.Of(source) ? written : source;
    }

    private static void Write(StringBuilder text, JsonTree value, string lineBreak)
    {
        var inner = lineBreak + "  ";
        switch (value)
        {
            case JsonObject { IsEmpty: false } members:
                var separator = "{";
                foreach (var (name, member) in members.Members)
                {
                    Quote(text.Append(separator).Append(inner), name);
                    Write(text.Append(": "), member, inner);
                    separator = ",";
                }

                text.Append(lineBreak).Append('}');
                break;
            case JsonArray { Items.IsEmpty: false } array:
                var comma = "[";
                foreach (var item in array.Items)
                {
                    Write(text.Append(comma).Append(inner), item, inner);
                    comma = ",";
                }

                text.Append(lineBreak).Append(']');
                break;
            case JsonString { Value: var content }:
                Quote(text, content);
                break;
            default:
                text.Append(value switch
                {
                    JsonObject => "{}",
                    JsonArray => "[]",
                    JsonNumber number => number.Text,
                    JsonWord word => word.Text,
                    _ => throw new InvalidOperationException($"Unknown JSON value {value.GetType().Name}."),
                });
                break;
        }
    }

    private static void Quote(StringBuilder text, string content)
    {
        text.Append('"');
        for (var index = 0; index < content.Length; index++)
        {
            var character = content[index];
            if ("\"\\\b\f\n\r\t".IndexOf(character, StringComparison.Ordinal) is >= 0 and var escape)
                text.Append('\\').Append("\"\\bfnrt"[escape]);
            else if (character < ' ' || IsHalfSurrogate(content, index))
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            else
                text.Append(character);
        }

        text.Append('"');
    }

    private static bool IsHalfSurrogate(string content, int index) =>
        (char.IsHighSurrogate(content[index]) && !(index + 1 < content.Length && char.IsLowSurrogate(content[index + 1])))
        || (char.IsLowSurrogate(content[index]) && !(index > 0 && char.IsHighSurrogate(content[index - 1])));

    // ECMAScript's Number::toString: plain digits from 1e-6 up to 1e21, an exponent outside.
    private static string Javascript(double value)
    {
        var (isNegative, digits, point) = Decimal.Of(value.ToString("R", CultureInfo.InvariantCulture));
        if (digits.Length == 0)
            return "0";
        var exponent = (point - 1).ToString("+0;-0", CultureInfo.InvariantCulture);
        var text = point switch
        {
            > 21 or <= -6 => digits[..1] + (digits.Length > 1 ? "." + digits[1..] : "") + "e" + exponent,
            <= 0 => "0." + new string('0', (int)-point) + digits,
            _ when digits.Length <= point => digits.PadRight((int)point, '0'),
            _ => digits[..(int)point] + "." + digits[(int)point..],
        };
        return isNegative ? "-" + text : text;
    }

    /// <summary>A decimal number: 0.digits times ten to the power of point, without zeros at either end of the digits.</summary>
    private readonly record struct Decimal(bool IsNegative, string Digits, long Point)
    {
        public static Decimal Of(string text)
        {
            var isNegative = text.StartsWith('-');
            var mark = text.AsSpan().IndexOfAny('e', 'E');
            var mantissa = text[(isNegative ? 1 : 0)..(mark < 0 ? text.Length : mark)];
            var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
            var whole = dot < 0 ? mantissa.Length : dot;
            var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
            var significant = digits.TrimStart('0');
            if (significant.Length == 0)
                return new Decimal(false, "", 0);
            var exponent = 0L;
            const NumberStyles signed = NumberStyles.AllowLeadingSign;
            if (mark >= 0 && !long.TryParse(text.AsSpan(mark + 1), signed, CultureInfo.InvariantCulture, out exponent))
                exponent = long.MaxValue / 2;
            return new Decimal(isNegative, significant.TrimEnd('0'), whole - (digits.Length - significant.Length) + exponent);
        }
    }
}
