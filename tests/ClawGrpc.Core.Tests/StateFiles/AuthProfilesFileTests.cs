using System.Text;
using ClawGrpc.Core.StateFiles;
using CsCheck;
using static ClawGrpc.Core.Tests.StateFiles.StoreText;

namespace ClawGrpc.Core.Tests.StateFiles;

/// <summary>Reads valid files (openclaw-spec.md, sections 1.3, 3.1 and 3.2) and refuses others.</summary>
public class AuthProfilesFileTests
{
    [Theory]
    [InlineData("", 1, 1, "it is empty")]
    [InlineData(" \n ", 2, 2, "it is empty")]
    [InlineData("{\n  \"profiles\": {\n    \"a\": {\"key\": \"sk-ant-FAKE", 3, 18, "a string does not end")]
    [InlineData("{\"profiles\": {", 1, 15, "a member's name in double quotes was expected")]
    [InlineData("{\"version\": ", 1, 13, "it ends in the middle")]
    [InlineData("{\"version\": 1,}", 1, 15, "a member's name in double quotes was expected")]
    [InlineData("{\"version\" 1}", 1, 12, "a colon was expected")]
    [InlineData("{\"version\": 1 \"a\": 2}", 1, 15, "a comma or a closing brace was expected")]
    [InlineData("{\"a\": [1 2]}", 1, 10, "a comma or a closing bracket was expected")]
    [InlineData("{'version': 1}", 1, 2, "a member's name in double quotes was expected")]
    [InlineData("{\"a\": 01}", 1, 8, "a comma or a closing brace was expected")]
    [InlineData("{\"a\": 1.}", 1, 9, "a digit was expected")]
    [InlineData("{\"a\": -}", 1, 8, "a digit was expected")]
    [InlineData("{\"a\": 1e+}", 1, 10, "a digit was expected")]
    [InlineData("{\"a\": +1}", 1, 7, "a value was expected")]
    [InlineData("{\"a\": sk-ant-FAKE}", 1, 7, "a value was expected")]
    [InlineData("{\"a\": \"x\ny\"}", 1, 9, "a control character or line break stands in a string")]
    [InlineData("{\"a\": \"\\x41\"}", 1, 9, "a backslash begins no escape sequence")]
    [InlineData("{\"a\": \"\\u12\"}", 1, 9, "a backslash begins no escape sequence")]
    [InlineData("{\"a\": \"\\u+123\"}", 1, 9, "a backslash begins no escape sequence")]
    [InlineData("{} // done", 1, 4, "something follows the end of the value")]
    [InlineData("{}{}", 1, 3, "something follows the end of the value")]
    [InlineData("[]", 1, 1, "the file must be an object")]
    [InlineData("null", 1, 1, "the file must be an object")]
    [InlineData("{\n \"profiles\": []}", 2, 14, "\"profiles\" must be an object")]
    [InlineData("{\"profiles\": null}", 1, 14, "\"profiles\" must be an object")]
    public void Broken_file_is_an_error_with_its_place(string text, int line, int column, string reason)
    {
        Assert.False(AuthProfilesFile.TryParse(text, out var file, out var error));
        Assert.Null(file);
        Assert.Equal(new StoreSyntaxError(line, column, reason), error);
    }

    [Fact]
    public void Invalid_UTF_8_is_an_error_with_its_place()
    {
        byte[] bytes = [.. "{\n  \"ä\": \""u8, 0xE4, .. "\"}"u8];
        Assert.False(AuthProfilesFile.TryParse(bytes, out _, out var error));
        Assert.Equal(new StoreSyntaxError(2, 9, "a byte is not UTF-8"), error);
    }

    [Fact]
    public void Deeply_nested_file_is_an_error()
    {
        var text = string.Concat(Enumerable.Repeat("{\"a\":", 100_000));
        Assert.False(AuthProfilesFile.TryParse(text, out _, out var error));
        Assert.Equal("it is nested too deeply", error.Reason);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("\uFEFF{ }\r\n")]
    [InlineData("{\"version\":1,\"profiles\":{}}")]
    [InlineData("{\"order\":3,\"lastGood\":[],\"usageStats\":\"x\"}")]
    public void File_without_profiles_gives_an_empty_store(string text)
    {
        var store = Read(text).Store;
        Assert.Empty(store.Profiles);
        Assert.Empty(store.Order);
        Assert.Empty(store.LastGood);
        Assert.Empty(store.Health);
        Assert.Empty(AuthProfilesFile.Empty.Store.Profiles);
    }

    [Theory]
    [InlineData("""null""")]
    [InlineData("""[]""")]
    [InlineData("""{"type":"api_key","key":"x"}""")]
    [InlineData("""{"type":"api_key","provider":"","key":"x"}""")]
    [InlineData("""{"type":"api_key","provider":null,"key":"x"}""")]
    [InlineData("""{"type":"api_key","provider":7,"key":"x"}""")]
    [InlineData("""{"type":"magic","provider":"anthropic"}""")]
    [InlineData("""{"provider":"anthropic","key":"x"}""")]
    public void Entry_that_is_not_a_credential_is_ignored_and_kept(string entry)
    {
        var file = Read("{\"profiles\":{\"bad\":" + entry + ""","ok":{"type":"api_key","provider":"anthropic","key":"k"}}}""");
        Assert.Equal(["ok"], file.Store.Profiles.Select(profile => profile.Id));
        Assert.Contains("\"bad\": ", file.With(new SetLastGood("anthropic", "ok")).ToText(), StringComparison.Ordinal);
    }

    public static IEnumerable<object[]> Credentials() => new TheoryData<string, Credential>
    {
        { """{"type":"api_key","provider":"anthropic","key":" k\n"}""", new ApiKeyCredential("anthropic", Secret(" k\n")) },
        { """{"type":"api_key","provider":"anthropic","key":" ","email":"a@b"}""", new ApiKeyCredential(
            "anthropic", null, "a@b") },
        { """{"type":"api_key","provider":"anthropic","key":5}""", new ApiKeyCredential("anthropic", null) },
        { """{"type":"token","provider":"Z.AI","token":"t"}""", new TokenCredential("Z.AI", Secret("t")) },
        { """{"type":"token","provider":"p","token":"t","expires":0}""", new TokenCredential("p", Secret("t")) },
        { """{"type":"token","provider":"p","token":"t","expires":-1}""", new TokenCredential("p", Secret("t")) },
        { """{"type":"token","provider":"p","token":"t","expires":"1"}""", new TokenCredential("p", Secret("t")) },
        { """{"type":"token","provider":"p","token":"t","expires":1e999}""", new TokenCredential("p", Secret("t")) },
        { """{"type":"token","provider":"p","token":"t","expires":1}""", new TokenCredential("p", Secret("t"), Ms(1)) },
        { """{"type":"token","provider":"p","token":"t","expires":1.2}""", new TokenCredential("p", Secret("t"), Ms(2)) },
        { """{"type":"token","provider":"p","token":"t","expires":1e300}""", new TokenCredential(
            "p", Secret("t"), ProfileHealth.Never) },
        { """{"type":"oauth","provider":"p"}""", new OAuthCredential("p", null, null, null) },
        { """{"type":"oauth","provider":"p","access":"a","refresh":"r","expires":2}""", new OAuthCredential(
            "p", Secret("a"), Secret("r"), Ms(2)) },
        { """{"type":"oauth","provider":"p","access":"a","refresh":"","expires":0}""", new OAuthCredential(
            "p", Secret("a"), null, Ms(0)) },
        { """{"type":"oauth","provider":"p","access":"a","expires":-7}""", new OAuthCredential("p", Secret("a"), null, Ms(-7)) },
        { """{"type":"oauth","provider":"p","access":"a","expires":"never"}""", new OAuthCredential(
            "p", Secret("a"), null, null) },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    internal void Credentials_are_read_as_OpenClaw_reads_them(string entry, Credential expected) =>
        Assert.Equal(expected, Read("{\"profiles\":{\"id\":" + entry + "}}").Store.Find("id")!.Credential);

    [Fact]
    public void Profiles_come_in_the_order_of_the_file()
    {
        string[] ids = ["b", "10", "a", "2", "__proto__", ""];
        var entries = ids.Select(id => $$"""{{System.Text.Json.JsonSerializer.Serialize(id)}}:{"type":"token","provider":"p"}""");
        Assert.Equal(
            ids, Read($$"""{"profiles":{ {{string.Join(',', entries)}} } }""").Store.Profiles.Select(profile => profile.Id));
    }

    [Fact]
    public void Orders_are_trimmed_and_never_empty()
    {
        var store = Read("""{"order":{"anthropic":["  a  ","",3,"b"],"empty":[],"blank":[" "],"none":"a"},"lastGood":"""
            + """{"p":"a","q":1}}""").Store;
        Assert.Equal(["a", "b"], Assert.Single(store.Order, order => order.Key == "anthropic").Value.AsEnumerable());
        Assert.Single(store.Order);
        Assert.Equal("a", Assert.Single(store.LastGood).Value);
    }

    [Fact]
    public void Last_of_repeated_members_counts_in_the_place_of_the_first()
    {
        var text = After(
            """{"profiles":{"a":{"type":"x"},"b":{},"a":{"type":"token","provider":"p","token":"1","token":"2"}}}""");
        var store = Read(text).Store;
        Assert.Equal("2", ((TokenCredential)store.Find("a")!.Credential).Token!.Reveal());
        Assert.True(text.IndexOf("\"a\"", StringComparison.Ordinal) < text.IndexOf("\"b\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Bytes_and_text_are_the_same_file()
    {
        var text = After("{}", new PutProfile("anthropic:ü", ApiKey()));
        Assert.True(AuthProfilesFile.TryParse(Encoding.UTF8.GetBytes("\uFEFF" + text), out var file, out _));
        Assert.Equal(text, file.ToText());
        Assert.Equal(text, Encoding.UTF8.GetString(file.ToUtf8()));
    }

    [Fact]
    public void Spoiled_file_is_read_or_refused_with_its_place()
    {
        var whole = AuthProfilesFile.Empty.With(
            new PutProfile("a", ApiKey("k\n\ud83d\ude00\"")), new SetOrder("p", ["a"]),
            new SetHealth("a", new ProfileHealth { LastUsed = Ms(12345), ErrorCount = 3 })).ToText();
        Gen.Select(
            Gen.Int[0, whole.Length - 1], Gen.OneOf(
                [.. "{}[]\",:\\0e-.\0\nx\ud800".Select(character => $"{character}"), "", "", ""]), Gen.Bool,
            Gen.Int[0, 9]).Sample(
            (at, insert, removes, cut) =>
            {
                var text = cut == 0 ? whole[..at] : whole[..at] + insert + whole[(removes ? at + 1 : at)..];
                if (AuthProfilesFile.TryParse(text, out var file, out var error))
                    Assert.Equal(file.ToText(), Read(file.ToText()).ToText());
                else
                    Assert.True(error.Line <= text.Count(character => character == '\n') + 1 && error.Column <= text.Length + 1);
            },
            iter: 5_000);
    }

    [Fact]
    public void Printed_stores_show_no_secret()
    {
        var put = new PutProfile("a", ApiKey());
        var file = AuthProfilesFile.Empty.With(put);
        Assert.DoesNotContain("FAKE", $"{put}{file}{file.Store.Profiles[0]}", StringComparison.Ordinal);
    }
}
