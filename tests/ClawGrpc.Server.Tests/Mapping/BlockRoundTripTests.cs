using System.Text.Json.Nodes;
using ClawGrpc.V1;
using Case = ClawGrpc.V1.ContentBlock.BlockOneofCase;

namespace ClawGrpc.Server.Tests.Mapping;

public class BlockRoundTripTests
{
    [Theory]
    [InlineData("""{"type":"text","text":"a\n\"é😀"}""", Case.Text, "")]
    [InlineData("""{"type":"text","text":""}""", Case.Text, "")]
    [InlineData("""{"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"x","n":1.50}]}""", Case.Text,
        """{"citations":[{"type":"char_location","cited_text":"x","n":1.50}]}""")]
    [InlineData("""{"type":"text","text":"a","citations":null}""", Case.Text, """{"citations":null}""")]
    [InlineData("""{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}""", Case.Text, "")]
    [InlineData("""{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}""", Case.Text, "")]
    [InlineData("""{"type":"text","text":"a","cache_control":null}""", Case.Text, """{"cache_control":null}""")]
    [InlineData("""{"type":"text","text":"a","cache_control":{"type":"ephemeral","scope":"org"}}""", Case.Text,
        """{"cache_control":{"type":"ephemeral","scope":"org"}}""")]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw=="}}""", Case.Image, "")]
    [InlineData("""{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}"""
        + ""","transformations":{"oversized_image":"error"}}""", Case.Image,
        """{"transformations":{"oversized_image":"error"}}""")]
    [InlineData("""{"type":"image","source":{"type":"file","file_id":"file_1"}}""", Case.Image, "")]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORx=="}}""", Case.Image, "")]
    [InlineData("""{"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}"""
        + ""","title":"t","context":"c","citations":{"enabled":true}}""", Case.Document, "")]
    [InlineData("""{"type":"document","source":{"type":"content","content":[]},"title":"","citations":{"enabled":false}}""",
        Case.Document,
        """{"title":"","citations":{"enabled":false}}""")]
    [InlineData("""{"type":"tool_use","id":"toolu_1","name":"n","input":{"b":1.0,  "a":"x"},"caller":{"type":"direct"}}""",
        Case.ToolUse, """{"caller":{"type":"direct"}}""")]
    [InlineData("""{"type":"tool_use","id":"toolu_1","name":"n","input":{}}""", Case.ToolUse, "")]
    [InlineData("""{"type":"tool_result","tool_use_id":"t"}""", Case.ToolResult, "")]
    [InlineData(
        """{"type":"tool_result","tool_use_id":"t","content":[],"is_error":false}""", Case.ToolResult, """{"is_error":false}""")]
    [InlineData("""{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a"},{"type":"novel"}]"""
        + ""","is_error":true}""", Case.ToolResult, "")]
    [InlineData("""{"type":"thinking","thinking":"","signature":""}""", Case.Thinking, """{"signature":""}""")]
    [InlineData("""{"type":"thinking","thinking":"hm","signature":"EqQB/+=="}""", Case.Thinking, "")]
    [InlineData("""{"type":"redacted_thinking","data":"Em+/=="}""", Case.RedactedThinking, "")]
    public void A_known_block_is_typed_and_comes_back_the_same(string json, Case kind, string extra)
    {
        var block = Blocks.Read(json);
        Assert.Equal((kind, extra), (block.BlockCase, block.ExtraJson.ToStringUtf8()));
        // An empty list and none are one to a message; upstream takes them for the same.
        AssertSame(json.Replace("\"content\":[],", "", StringComparison.Ordinal), Blocks.Write(block));
    }

    [Theory]
    [InlineData("""{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{ "q" : 1 }}""")]
    [InlineData("""{"type":"web_search_tool_result","tool_use_id":"s","content":[{"encrypted_content":"Ab+/="}]}""")]
    [InlineData("""{"type":"text"}""")]
    [InlineData("""{"type":"text","text":null}""")]
    [InlineData("""{"type":"thinking","thinking":"half \ud83d","signature":"s"}""")]
    [InlineData("""{"type":"text","text":"a","text":"b"}""")]
    [InlineData("""{"type":"tool_use","id":"t","name":"n"}""")]
    [InlineData("""{"type":"tool_result","tool_use_id":"t","content":"a string"}""")]
    [InlineData("""{"type":"image"}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{}""")]
    [InlineData("\"text\"")]
    public void Any_other_block_is_handed_on_byte_for_byte(string json)
    {
        var block = Blocks.Read(json);
        Assert.Equal(json, block.RawJson.ToStringUtf8());
        if (json[0] == '{')
            Assert.Equal(json, Blocks.Write(block));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_block_comes_back_the_same(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 50; round++)
        {
            var json = RandomBlocks.Next(random).ToJsonString();
            AssertSame(json, Blocks.Write(Blocks.Read(json)));
        }
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 100)];

    [Fact]
    public void Untyped_members_keep_their_bytes_and_order()
    {
        const string Json = """{"zeta":1.000,"type":"text","alpha":[ 1 ],"text":"a","cal\u006cer":"\u00e9\/"}""";
        Assert.Equal("""{"zeta":1.000,"alpha":[ 1 ],"cal\u006cer":"\u00e9\/"}""", Blocks.Read(Json).ExtraJson.ToStringUtf8());
    }

    [Fact]
    public void Every_recorded_block_comes_back_the_same()
    {
        var count = 0;
        foreach (var block in Recorded.Blocks())
        {
            // As above: an empty list of results.
            if (block.Contains("\"content\":[]", StringComparison.Ordinal))
                continue;
            AssertSame(block, Blocks.Write(Blocks.Read(block)));
            count++;
        }

        Assert.True(count > 10);
    }

    private static void AssertSame(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"{expected}\n{actual}");
}
