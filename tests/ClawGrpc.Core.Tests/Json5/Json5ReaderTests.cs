using ClawGrpc.Json5;

namespace ClawGrpc.Core.Tests.Json5;

/// <summary>What the corpus does not cover: positions, repeated keys, depth, and printing without content.</summary>
public class Json5ReaderTests
{
    [Theory]
    [InlineData("{\n  a: 1,\n  b: x\n}", 3, 6, "JSON5: invalid character 'x' at 3:6")]
    [InlineData("{\r\n  a: 1,\r\n  b: x\r\n}", 3, 6, "JSON5: invalid character 'x' at 3:6")]
    [InlineData("{ agents: { defaults: \n", 2, 1, "JSON5: invalid end of input at 2:1")]
    [InlineData("[1,\n2", 2, 2, "JSON5: invalid end of input at 2:2")]
    [InlineData("'a\nb'", 2, 0, "JSON5: invalid character '\\n' at 2:0")]
    [InlineData("{ \\u0031a: 1 }", 1, 3, "JSON5: invalid identifier character at 1:3")]
    [InlineData("[\u0001]", 1, 2, "JSON5: invalid character '\\x01' at 1:2")]
    [InlineData("[\ud800]", 1, 2, "JSON5: invalid character '\ufffd' at 1:2")]
    public void Error_has_reason_and_position(string text, int line, int column, string message)
    {
        var error = Assert.Throws<Json5Exception>(() => Json5Document.Parse(text, "clawgrpc.json"));
        Assert.Equal(new Json5Position(line, column), error.Position);
        Assert.Equal(message, error.Message);
        Assert.Equal("clawgrpc.json", error.SourceName);
    }

    [Fact]
    public void Value_knows_its_position()
    {
        var document = Json5Document.Parse("// first\n{ 'a': [ /* two */ +2, ], }");
        var member = Assert.IsType<Json5Object>(document.Root).Find("a")!;
        var number = Assert.IsType<Json5Array>(member.Value).Items.Single();
        Assert.Equal(new Json5Position(2, 3), member.Position);
        Assert.Equal(new Json5Position(2, 20), number.Position);
        Assert.Equal("+2", document.Text[number.Span.Start..number.Span.End]);
        Assert.Equal("'a'", document.Text[member.KeySpan.Start..member.KeySpan.End]);
    }

    [Fact]
    public void Last_of_repeated_keys_counts_in_the_place_of_the_first()
    {
        var root = Assert.IsType<Json5Object>(Json5Document.Parse("{a: 1, __proto__: 2, a: 3, 'a': 4}").Root);
        Assert.Equal(4, root.Members.Length);
        Assert.Equal(["a", "__proto__"], root.EffectiveMembers().Select(member => member.Key));
        Assert.Same(root.Members[3], root.Find("a"));
        Assert.Same(root.Members[3], root.EffectiveMembers().First());
        Assert.Null(root.Find("b"));
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_an_error()
    {
        static string Nested(int depth) => new string('[', depth) + new string(']', depth);

        Assert.Equal("array", Json5Document.Parse(Nested(Json5Document.MaxDepth)).Root.Kind);
        var error = Assert.Throws<Json5Exception>(() => Json5Document.Parse(Nested(Json5Document.MaxDepth + 1)));
        Assert.Equal("JSON5: nested deeper than 1000 levels at 1:1001", error.Message);
        Assert.Throws<Json5Exception>(() => Json5Document.Parse(string.Concat(Enumerable.Repeat("{a:[", 100_000))));
    }

    [Fact]
    public void Lone_surrogates_come_through()
    {
        var text = Assert.IsType<Json5String>(Json5Document.Parse("'\ud800\\udc00\\ud83d x \udc00'").Root);
        Assert.Equal("\ud800\udc00\ud83d x \udc00", text.Value);
    }

    [Fact]
    public void Values_print_no_content()
    {
        var document = Json5Document.Parse("{ apiKey: 'sk-ant-api03-FAKE-0123456789' }", "clawgrpc.json");
        var member = Assert.IsType<Json5Object>(document.Root).Members[0];
        Assert.Equal("object at 1:1", document.Root.ToString());
        Assert.Equal("string at 1:11", member.Value.ToString());
        Assert.Equal("member at 1:3", member.ToString());
        Assert.Equal("clawgrpc.json", document.Source.ToString());
        Assert.DoesNotContain("FAKE", document.ToString()!, StringComparison.Ordinal);
    }
}
