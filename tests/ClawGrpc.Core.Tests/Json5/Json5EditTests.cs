using System.Text.Json.Nodes;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>Edits as tables: the text before, the edit, the text after.</summary>
public class Json5EditTests
{
    [Theory]
    [InlineData("{ a: 1, /* b */ b: +0x10, }", "{ a: \"x\", /* b */ b: +0x10, }")]
    [InlineData("{a:1}", "{a:\"x\"}")]
    [InlineData("{\n  // why\n  a: \"old\", // because\n}", "{\n  // why\n  a: \"x\", // because\n}")]
    [InlineData("{ 'a': 'old' }", "{ 'a': 'x' }")]
    [InlineData("{ a: { deep: [1, 2] }, 'b': 3 }", "{ a: 'x', 'b': 3 }")]
    [InlineData("{ a: 1, b: 2, a: 3 }", "{ a: 1, b: 2, a: \"x\" }")]
    public void Value_is_replaced_in_place(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).SetValue(["a"], "x").Text);

    [Theory]
    [InlineData("{}", "{\n  \"new\": 1\n}")]
    [InlineData("{\n}\n", "{\n  \"new\": 1\n}\n")]
    [InlineData("{ }", "{\n  \"new\": 1\n}")]
    [InlineData("{ a: 2 }", "{ a: 2, new: 1 }")]
    [InlineData("{a:2}", "{a:2,new:1}")]
    [InlineData("{\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3,\"new\":1}")]
    [InlineData("{ a: 2, }", "{ a: 2, new: 1, }")]
    [InlineData("{ a: 2 /* two */ }", "{ a: 2 /* two */, new: 1 }")]
    [InlineData("{ a: 2 // two\n}", "{ a: 2, // two\n  new: 1\n}")]
    [InlineData("{\n  \"a\": 2\n}", "{\n  \"a\": 2,\n  \"new\": 1\n}")]
    [InlineData("{\n    a: 2,\n}", "{\n    a: 2,\n    new: 1,\n}")]
    [InlineData("{\r\n\ta: 2\r\n}", "{\r\n\ta: 2,\r\n\tnew: 1\r\n}")]
    [InlineData("{\n  a: 2 // two\n}", "{\n  a: 2, // two\n  new: 1\n}")]
    [InlineData("{\n  a: 2, // two\n  // later\n}", "{\n  a: 2, // two\n  new: 1,\n  // later\n}")]
    [InlineData("{\n  a: 2, /* two\n  lines */\n}", "{\n  a: 2,\n  new: 1, /* two\n  lines */\n}")]
    [InlineData("{\n  // nothing yet\n}", "{\n  // nothing yet\n  \"new\": 1\n}")]
    [InlineData("{ /* nothing yet */ }", "{ /* nothing yet */ \"new\": 1 }")]
    [InlineData("{\n  'a': 2\n, 'b': 3\n}", "{\n  'a': 2\n, 'b': 3, 'new': 1\n}")]
    [InlineData("{\n  a : 2\n}", "{\n  a : 2,\n  new : 1\n}")]
    public void Member_is_added_last_in_the_style_of_the_others(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).SetValue(["new"], 1).Text);

    [Theory]
    [InlineData("{ a: [] }", "{ a: [0] }")]
    [InlineData("{\n  a: [],\n}", "{\n  a: [\n    0,\n  ],\n}")]
    [InlineData("{ a: [1, 2] }", "{ a: [0, 1, 2] }")]
    [InlineData("{\n  a: [\n    1, // one\n    2\n  ]\n}", "{\n  a: [\n    0,\n    1, // one\n    2\n  ]\n}")]
    [InlineData("{\n  a: [ // order\n    // first\n    1,\n  ],\n}", "{\n  a: [ // order\n    0,\n    // first\n    1,\n  ],\n}")]
    [InlineData("{ b: 1 }", "{ b: 1, a: [0] }")]
    public void Item_is_inserted_before_the_first(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).Insert(["a"], 0, 0).Text);

    [Theory]
    [InlineData("[1, 3]", "[1, 2, 3]")]
    [InlineData("[1,3]", "[1,2,3]")]
    [InlineData("[\n  1, // one\n  // three\n  3\n]", "[\n  1, // one\n  2,\n  // three\n  3\n]")]
    public void Item_is_inserted_between_others(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).Insert([], 1, 2).Text);

    [Theory]
    [InlineData("['a']", "['a', 'z']")]
    [InlineData("[\n  \"a\"\n]", "[\n  \"a\",\n  \"z\"\n]")]
    [InlineData("[\n  \"a\", \"b\",\n]", "[\n  \"a\", \"b\", \"z\",\n]")]
    [InlineData("[]", "[\n  \"z\"\n]")]
    public void Item_is_appended(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).Append([], "z").Text);

    [Theory]
    [InlineData("{ a: 1, x: 2, b: 3 }", "{ a: 1, b: 3 }")]
    [InlineData("{ x: 2, b: 3 }", "{ b: 3 }")]
    [InlineData("{ a: 1, x: 2 }", "{ a: 1 }")]
    [InlineData("{ a: 1, x: 2, }", "{ a: 1, }")]
    [InlineData("{ x: 2 }", "{}")]
    [InlineData("{\n  x: {\n    y: 2,\n  },\n}\n", "{}\n")]
    [InlineData("{\n  a: 1,\n  x: 2\n}", "{\n  a: 1\n}")]
    [InlineData("{\n  a: 1, // one\n  x: 2\n}", "{\n  a: 1 // one\n}")]
    [InlineData("{\n  a: 1,\n  x: 2,\n}", "{\n  a: 1,\n}")]
    [InlineData("{\n  x: [\n    1\n  ],\n  a: 1\n}", "{\n  a: 1\n}")]
    [InlineData("{\n  // about x\n  x: 2, // and more\n  a: 1\n}", "{\n  // about x\n  // and more\n  a: 1\n}")]
    [InlineData("{\r\n  a: 1,\r\n  x: 2,\r\n}", "{\r\n  a: 1,\r\n}")]
    [InlineData("{ x: 2 /* gone? */, a: 1 }", "{ /* gone? */ a: 1 }")]
    [InlineData("{ x: 1, a: 1, x: 2 }", "{ a: 1 }")]
    [InlineData("{ a: 1 }", "{ a: 1 }")]
    public void Member_is_removed_with_its_comma_but_not_its_comments(string before, string after) =>
        Assert.Equal(after, Json5Document.Parse(before).Remove("x").Text);

    [Fact]
    public void Missing_objects_are_added_in_the_style_of_the_document()
    {
        var profile = new JsonObject { ["provider"] = "anthropic", ["mode"] = "api_key" };

        const string Before = """
            {
                agents: {},
                note: 'x',
            }
            """;
        const string After = """
            {
                agents: {},
                note: 'x',
                auth: {
                    profiles: {
                        'anthropic:work': {
                            provider: 'anthropic',
                            mode: 'api_key',
                        },
                    },
                },
            }
            """;
        Assert.Equal(After, Json5Document.Parse(Before).SetValue(["auth", "profiles", "anthropic:work"], profile).Text);
    }

    [Fact]
    public void Path_through_a_scalar_is_refused_with_its_name()
    {
        var document = Json5Document.Parse("{ agents: { defaults: 'none' }, list: [1] }");
        var error = Assert.Throws<ArgumentException>(() => document.SetValue(["agents", "defaults", "model"], "x"));
        Assert.StartsWith("agents.defaults has no place model: it is of kind string.", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => document.SetValue(["list", 2], "x"));
        Assert.Throws<ArgumentException>(() => document.Insert(["list"], 2, "x"));
        Assert.Throws<ArgumentException>(() => document.Append(["agents"], "x"));
        Assert.Throws<ArgumentOutOfRangeException>(() => document.Remove());
    }

    [Fact]
    public void Edits_without_effect_keep_the_text()
    {
        var document = Json5Document.Parse("{ a: 'it\\x73', b: 0x10, c: null, }");
        Assert.Same(document, document.SetValue(["a"], "its"));
        Assert.Same(document, document.SetValue(["b"], 16));
        Assert.Same(document, document.SetValue(["c"], null));
        Assert.Same(document, document.Remove("d", "e"));
        Assert.Same(document, document.Remove("a", "e"));
    }

    [Theory]
    [InlineData("it's", "'it\\'s'")]
    [InlineData("\"", "'\"'")]
    [InlineData("\\\b\f\n\r\t\u0001\u2028\u2029\ufeff", "'\\\\\\b\\f\\n\\r\\t\\u0001\\u2028\\u2029\\ufeff'")]
    [InlineData("é😀", "'é😀'")]
    public void Strings_are_escaped_for_their_quotes(string text, string written) =>
        Assert.Equal($"['', {written}]", Json5Document.Parse("['']").Append([], text).Text);

    [Fact]
    public void Numbers_that_json_cannot_say_are_written_in_json5()
    {
        var document = Json5Document.Parse("[0]").Append([], double.NaN).Append([], double.NegativeInfinity)
            .Append([], double.PositiveInfinity).Append([], 0.1);
        Assert.Equal("[0, NaN, -Infinity, Infinity, 0.1]", document.Text);
    }
}
