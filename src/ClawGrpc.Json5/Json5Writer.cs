using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClawGrpc.Json5;

/// <summary>Writes new values in the style of a document.</summary>
internal static class Json5Writer
{
    /// <summary>A value; its first line goes on where the text stands, the others begin with <paramref name="indent"/>.</summary>
    public static string Value(JsonNode? value, Json5Style style, string indent) => value switch
    {
        null => "null",
        JsonObject members => Container(
            "{", "}", members, (member, inner) => Member(member.Key, member.Value, style, inner), style, indent),
        JsonArray items => Container("[", "]", items, (item, inner) => Value(item, style, inner), ForItems(items, style), indent),
        _ => Scalar(value.AsValue(), style),
    };

    /// <summary>A key and its value.</summary>
    public static string Member(string key, JsonNode? value, Json5Style style, string indent) =>
        (style.PlainKeys && Json5Identifier.IsPlain(key) ? key : Quoted(key, style.Quote))
        + style.Colon + Value(value, style, indent);

    /// <summary>A number as a reader of the document would see it.</summary>
    public static double Number(JsonValue value) => value.TryGetValue<double>(out var number)
        ? number
        : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static Json5Style ForItems(JsonArray items, Json5Style style) => style with
    {
        MultiLine = style.MultiLine && !(style.InlineArrays && items.All(item => item is null or JsonValue)),
        Padding = "",
    };

    private static string Container<T>(
        string open, string close, IEnumerable<T> elements, Func<T, string, string> write, Json5Style style, string indent)
    {
        var inner = indent + style.Unit;
        var texts = elements.Select(element => write(element, inner)).ToList();
        if (texts.Count == 0)
            return open + close;

        if (!style.MultiLine)
            return $"{open}{style.Padding}{string.Join("," + style.Gap, texts)}{style.Padding}{close}";

        var lines = string.Join("," + style.NewLine + inner, texts);
        return $"{open}{style.NewLine}{inner}{lines}{(style.TrailingCommas ? "," : "")}{style.NewLine}{indent}{close}";
    }

    private static string Scalar(JsonValue value, Json5Style style) => value.GetValueKind() switch
    {
        JsonValueKind.String => Quoted(value.TryGetValue<string>(out var text) ? text : value.ToString(), style.Quote),

        // JSON has no words for these; JSON5 does.
        JsonValueKind.Number when Number(value) is var number && !double.IsFinite(number) =>
            double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity",
        _ => value.ToJsonString(),
    };

    private static string Quoted(string text, char quote)
    {
        var quoted = new StringBuilder().Append(quote);
        for (var at = 0; at < text.Length; at++)
        {
            var pair = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
            quoted.Append(pair ? text.Substring(at++, 2) : Escaped(text[at], quote));
        }

        return quoted.Append(quote).ToString();
    }

    private static string Escaped(char character, char quote) => character switch
    {
        '\\' => @"\\",
        '\b' => @"\b",
        '\f' => @"\f",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        _ when character == quote => $@"\{quote}",
        _ when character is < ' ' or '\u007F' or '\u2028' or '\u2029' or '\uFEFF' || char.IsSurrogate(character) =>
            string.Create(CultureInfo.InvariantCulture, $@"\u{(int)character:x4}"),
        _ => character.ToString(),
    };
}
