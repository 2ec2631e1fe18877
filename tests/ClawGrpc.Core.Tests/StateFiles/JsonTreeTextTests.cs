using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using static ClawGrpc.Core.Tests.StateFiles.StoreText;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>The text equals that of <c>JSON.stringify(x, null, 2)</c>; Node wrote the expected texts.</summary>
public class JsonTreeTextTests
{
    private static readonly Gen<JsonNode?> Scalars = Gen.OneOf(
        Gen.Const<JsonNode?>(() => null),
        Gen.Bool.Select(flag => (JsonNode?)flag),
        Gen.Int[-1000, 999].Select(number => (JsonNode?)number),
        Gen.Select(Gen.Double.Unit, Gen.Int[-30, 29], (number, exponent) => (JsonNode?)(number * Math.Pow(10, exponent))),
        Gen.Char['\u0001', '\uD7FE'].Array[0, 4].Select(text => (JsonNode?)new string(text)));

    private static readonly Gen<JsonNode?> Values = Gen.Recursive<JsonNode?>((depth, inner) => depth > 5
        ? Scalars
        : Gen.OneOf(
            Scalars,
            inner.Array[0, 3].Select(items => (JsonNode?)new JsonArray(items)),
            Gen.Select(Gen.Int[0, 8], inner).Array[0, 3].Select(members => (JsonNode?)new JsonObject(
                members.Select((member, index) => KeyValuePair.Create($"{member.Item1}{index}", member.Item2))))));

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("0e5", "0")]
    [InlineData("1.0", "1")]
    [InlineData("-1.50", "-1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("1E3", "1000")]
    [InlineData("100e-2", "1")]
    [InlineData("0.1", "0.1")]
    [InlineData("4.35", "4.35")]
    [InlineData("0.30000000000000004", "0.30000000000000004")]
    [InlineData("1770552025192", "1770552025192")]
    [InlineData("12345678901234567000", "12345678901234567000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("123e19", "1.23e+21")]
    [InlineData("120e20", "1.2e+22")]
    [InlineData("1e-6", "0.000001")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("1.25e-7", "1.25e-7")]
    [InlineData("-5e-324", "-5e-324")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    public void Numbers_are_written_as_JavaScript_writes_them(string source, string written) =>
        Assert.Equal(written, Rewritten(source));

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("123456789012345678")]
    [InlineData("1.000000000000000000001")]
    [InlineData("1e400")]
    [InlineData("-1e-400")]
    [InlineData("1e99999999999999999999")]
    public void Number_beyond_double_precision_stays_unchanged(string source) =>
        Assert.Equal(source, Rewritten(source));

    [Fact]
    public void Every_double_comes_back_as_itself() => Gen.Long.Select(
        BitConverter.Int64BitsToDouble).Where(double.IsFinite).Sample(
        value =>
        {
            var written = Rewritten(value.ToString("E16", CultureInfo.InvariantCulture));
            Assert.Equal(value, double.Parse(written, CultureInfo.InvariantCulture));
        },
        iter: 20_000);

    [Fact]
    public void Strings_are_escaped_exactly_as_by_JavaScript()
    {
        const string read = """
            "\u0000\u0001\b\t\n\u000B\f\r\u001F\"\\\/\u007F\u0080\u2028\u2029\uFEFF
            """
            + """\u00E9\uD83D\uDE00\ud800x\uDC00\uD800\uD83D\uDE00<>&+" """;
        const string written = "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u007f\u0080\u2028\u2029\ufeff"
            + "\u00e9\U0001F600\\ud800x\\udc00\\ud800\U0001F600<>&+\"";
        Assert.Equal(written, Rewritten(read.Trim()));
        Assert.Equal(written, Rewritten(written));
    }

    [Fact]
    public void Empty_objects_and_arrays_take_no_lines() =>
        Assert.EndsWith(
            "  \"x\": {\n    \"a\": {},\n    \"b\": [],\n    \"c\": [\n      1,\n      [\n        2,\n        {}\n      ]\n    ]"
                + ",\n    \"\": {\n      \"x y\": null\n    }\n  }\n}\n",
            Read("""{"x":{"a":{},"b":[],"c":[1,[2,{}]],"":{"x y":null}}}""").ToText(),
            StringComparison.Ordinal);

    [Fact]
    public void Document_is_written_without_loss() => Values.Sample(
        value =>
        {
            var document = new JsonObject { ["version"] = 1, ["profiles"] = new JsonObject(), ["extra"] = value?.DeepClone() };
            var text = Read(document.ToJsonString()).ToText();
            Assert.True(JsonNode.DeepEquals(document, JsonNode.Parse(text)));
            Assert.Equal(text, Read(text).ToText());
        },
        iter: 2_000);

    private static string Rewritten(string value)
    {
        var text = Read($$"""{"x":{{value}}}""").ToText();
        var start = text.IndexOf("\"x\": ", StringComparison.Ordinal) + 5;
        return text[start..^3];
    }
}
