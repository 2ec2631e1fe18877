using System.Globalization;
using System.Text.Json.Nodes;
using static ClawGrpc.Core.Tests.StateFiles.StoreText;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>The text is what <c>JSON.stringify(x, null, 2)</c> gives; the expected texts were written by Node.</summary>
public class JsonTextTests
{
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
    public void Numbers_are_written_as_JavaScript_writes_them(string source, string written) => Assert.Equal(written, Rewritten(source));

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("123456789012345678")]
    [InlineData("1.000000000000000000001")]
    [InlineData("1e400")]
    [InlineData("-1e-400")]
    [InlineData("1e99999999999999999999")]
    public void A_number_that_JavaScript_would_falsify_stays_as_it_stood(string source) => Assert.Equal(source, Rewritten(source));

    [Fact]
    public void Every_double_comes_back_as_itself()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(value))
                continue;
            var written = Rewritten(value.ToString("E16", CultureInfo.InvariantCulture));
            Assert.Equal(value, double.Parse(written, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Strings_are_escaped_where_JavaScript_escapes_and_nowhere_else()
    {
        const string read = """
            "\u0000\u0001\b\t\n\u000B\f\r\u001F\"\\\/\u007F\u0080\u2028\u2029\uFEFF\u00E9\uD83D\uDE00\ud800x\uDC00\uD800\uD83D\uDE00<>&+"
            """;
        const string written = "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u007f\u0080\u2028\u2029\ufeff\u00e9\U0001F600\\ud800x\\udc00\\ud800\U0001F600<>&+\"";
        Assert.Equal(written, Rewritten(read.Trim()));
        Assert.Equal(written, Rewritten(written));
    }

    [Fact]
    public void Empty_objects_and_arrays_take_no_lines() =>
        Assert.EndsWith(
            "  \"x\": {\n    \"a\": {},\n    \"b\": [],\n    \"c\": [\n      1,\n      [\n        2,\n        {}\n      ]\n    ],\n    \"\": {\n      \"x y\": null\n    }\n  }\n}\n",
            Read("""{"x":{"a":{},"b":[],"c":[1,[2,{}]],"":{"x y":null}}}""").ToText(),
            StringComparison.Ordinal);

    [Fact]
    public void Nothing_of_any_document_is_lost()
    {
        var random = new Random(2);
        for (var round = 0; round < 2_000; round++)
        {
            var document = new JsonObject { ["version"] = 1, ["profiles"] = new JsonObject(), ["extra"] = Any(random, 5) };
            var text = Read(document.ToJsonString()).ToText();
            Assert.True(JsonNode.DeepEquals(document, JsonNode.Parse(text)));
            Assert.Equal(text, Read(text).ToText());
        }
    }

    private static string Rewritten(string value)
    {
        var text = Read($$"""{"x":{{value}}}""").ToText();
        var start = text.IndexOf("\"x\": ", StringComparison.Ordinal) + 5;
        return text[start..^3];
    }

    private static JsonNode? Any(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-1000, 1000),
        3 => random.NextDouble() * Math.Pow(10, random.Next(-30, 30)),
        4 => new string([.. Enumerable.Range(0, random.Next(5)).Select(_ => (char)random.Next(1, 0xD7FF))]),
        5 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Any(random, depth - 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(index => KeyValuePair.Create($"{random.Next(9)}{index}", Any(random, depth - 1)))),
    };
}
