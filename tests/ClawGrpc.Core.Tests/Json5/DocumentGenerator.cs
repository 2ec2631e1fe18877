using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>
/// Makes values, and texts that mean them: with every kind of quote, key, number, blank and comment that people and programs
/// write. Comments are numbered, so that a test can look for each.
/// </summary>
internal sealed class DocumentGenerator(PCG random) : Draws(random)
{
    private static readonly string[] PlainKeys = ["a", "b", "agents", "$x", "_1", "__proto__", "é", "null"];

    private static readonly string[] Keys =
        [.. PlainKeys, "anthropic:work", "anthropic/claude-opus-4-6", "me@example.com", "", "with space", "it's", "\""];

    private static readonly string[] Strings =
    [
        "", "x", "it's", "say \"hi\"", "a\\b", "line\nbreak", "tab\t", "// no comment", "/* none */", "é😀", "\u2028", "\ud800",
        "{[,]}",
    ];

    private static readonly double[] Numbers =
    [
        0, -0.0, 1, -1, 42, 0.5, -0.25, 1e21, 1e-7, 255, 9007199254740993, double.NaN, double.PositiveInfinity,
            double.NegativeInfinity,
    ];

    private int _comments;

    public string Key() => Pick(Keys);

    /// <summary>A value, a text that means it, and the generator for further choices of a property.</summary>
    public static Gen<(DocumentGenerator Generator, JsonNode? Value, string Text)> Documents { get; } = Of(
        static random =>
        {
            var generator = new DocumentGenerator(random);
            var value = generator.Value();
            return (generator, value, generator.Text(value));
        },
        static made => made.Item3.Length);

    /// <summary>A value of any kind; deeper ones are simpler.</summary>
    public JsonNode? Value(int depth = 0)
    {
        switch (Below(depth > 3 ? 5 : 9))
        {
            case 0: return null;
            case 1: return JsonValue.Create(Chance(0.5));
            case 2: return JsonValue.Create(Pick(Numbers));
            case 3 or 4: return JsonValue.Create(Pick(Strings));
            case 5 or 6: return new JsonArray([.. Enumerable.Range(0, Below(4)).Select(_ => Value(depth + 1))]);
            default:
                var members = new JsonObject();
                for (var count = Below(5); count > 0; count--)
                    members[Key()] = Value(depth + 1);

                return members;
        }
    }

    /// <summary>A text that means the value, with random layout and comments.</summary>
    public string Text(JsonNode? value)
    {
        _comments = 0;
        var layout = new Layout(
            Pick(["\n", "\r\n"]), Pick(["  ", "    ", "\t"]), Chance(0.6), Chance(0.5), Chance(0.5), Chance(0.7));
        return Blank(layout) + Written(value, layout, layout.NewLine) + Blank(layout);
    }

    private string Written(JsonNode? value, Layout layout, string line) => value switch
    {
        JsonObject members => Container(
            '{', '}', members.SelectMany(member => Written(member.Key, member.Value, layout, line + layout.Unit)), layout, line),
        JsonArray items => Container('[', ']', items.Select(item => Written(item, layout, line + layout.Unit)), layout, line),
        null => "null",
        _ when value.AsValue().TryGetValue<bool>(out var flag) => flag ? "true" : "false",
        _ when value.AsValue().TryGetValue<double>(out var number) => Number(number),
        _ => String(value.GetValue<string>()),
    };

    // Sometimes names a key twice: the first one does not count.
    private IEnumerable<string> Written(string key, JsonNode? value, Layout layout, string line)
    {
        if (Chance(0.05))
            yield return Name(key, layout) + ":" + Written(Value(3), layout, line);

        var colon = Comment(layout) + ":" + (Chance(0.8) ? " " : "") + Comment(layout);
        yield return Name(key, layout) + colon + Written(value, layout, line);
    }

    private string Container(char open, char close, IEnumerable<string> elements, Layout layout, string line)
    {
        var lines = layout.MultiLine && Chance(0.9);
        var written = elements.ToList();
        var text = new StringBuilder().Append(open).Append(Comment(layout));
        for (var index = 0; index < written.Count; index++)
        {
            text.Append(lines ? line + layout.Unit : Chance(0.7) ? " " : "");
            text.Append(Comment(layout)).Append(written[index]).Append(Comment(layout));
            text.Append(index < written.Count - 1 || layout.TrailingCommas ? "," : "").Append(Comment(layout));
        }

        return text.Append(lines && written.Count > 0 ? line : "").Append(Blank(layout)).Append(close).ToString();
    }

    private string Comment(Layout layout)
    {
        if (!layout.Comments || !Chance(0.1))
            return "";

        _comments++;
        var line = Chance(0.3) ? Pick(["\n", "\r\n", "\r", "\u2028"]) : "";
        return line.Length > 0 && Chance(0.5) ? $" // c{_comments}.{line}" : $" /* c{_comments}.{line} */";
    }

    private string Blank(Layout layout) =>
        Comment(layout) + (Chance(0.2) ? Pick([" ", layout.NewLine, "\t", "\u00a0", "\ufeff"]) : "");

    private string Name(string key, Layout layout) => layout.PlainKeys && PlainKeys.Contains(key) ? key : String(key);

    private string String(string text)
    {
        var quote = Pick(["\"", "'"]);
        var written = new StringBuilder(quote);
        foreach (var unit in text)
        {
            var escape = unit is '\n' or '\\' || unit == quote[0] || Chance(0.05);
            _ = !escape ? written.Append(unit)
                : unit is '\\' or '\'' or '"' ? written.Append('\\').Append(unit)
                : written.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return written.Append(Chance(0.03) ? "\\\n" : "").Append(quote).ToString();
    }

    private string Number(double number)
    {
        var sign = double.IsNegative(number) && !double.IsNaN(number) ? "-" : Pick(["", "", "+"]);
        var size = Math.Abs(number);
        return sign + size switch
        {
            double.NaN => "NaN",
            double.PositiveInfinity => "Infinity",
            255 => Pick(["255", "0xff", "0XFF", "255.", "2.55e2"]),
            0.5 => Pick([".5", "0.5", "5e-1"]),
            _ => size.ToString("R", CultureInfo.InvariantCulture),
        };
    }

    private sealed record Layout(string NewLine, string Unit, bool MultiLine, bool TrailingCommas, bool PlainKeys, bool Comments);
}
