using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

public class MessageFoldTests
{
    private const string Start =
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[]"""
            + ""","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":7"""
            + ""","cache_read_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4}"""
            + ""","output_tokens":1,"service_tier":"standard"}}}""";

    private const string Delta = """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":"""
        + """{"output_tokens":12}}""";
    private const string Stop = """{"type":"message_stop"}""";

    [Theory]
    [InlineData("""{"type":"text","text":""}""", """{"type":"text","text":"Hello\n\ud83d\ude00!"}""",
        """{"type":"text_delta","text":"Hel"}""", """{"type":"text_delta","text":"lo\n\ud83d"}""",
            """{"type":"text_delta","text":"\ude00!"}""")]
    [InlineData("""{"type":"text","text":"a"}""", """{"type":"text","text":"ab"}""", """{"type":"text_delta","text":"b"}""")]
    [InlineData("""{"type":"text","text":""}""", """{"type":"text","text":""}""")]
    [InlineData("""{"type":"text"}""", """{"type":"text","text":"b"}""", """{"type":"text_delta","text":"b"}""")]
    [InlineData(
        """{"type":"thinking","thinking":"","signature":""}""", """{"type":"thinking","thinking":"hm","signature":"Eq/+="}""",
        """{"type":"thinking_delta","thinking":"hm"}""", """{"type":"thinking_delta","thinking":""}""",
            """{"type":"signature_delta","signature":"Eq/+="}""")]
    [InlineData("""{"type":"thinking","thinking":"a"}""", """{"type":"thinking","thinking":"a","signature":"s2"}""",
        """{"type":"signature_delta","signature":"s1"}""", """{"type":"signature_delta","signature":"s2"}""")]
    [InlineData("""{"type":"tool_use","id":"t","name":"n","input":{}}""",
        """{"type":"tool_use","id":"t","name":"n","input":{"city":"Paris","n":1.50}}""",
        """{"type":"input_json_delta","partial_json":""}""", """{"type":"input_json_delta","partial_json":"{\"city\":\"Par"}""",
        """{"type":"input_json_delta","partial_json":"is\",\"n\":1.50}"}""")]
    [InlineData(
        """{"type":"tool_use","id":"t","name":"n","input":{}}""", """{"type":"tool_use","id":"t","name":"n","input":{}}""",
        """{"type":"input_json_delta","partial_json":""}""")]
    [InlineData("""{"type":"future_tool_use","id":"t"}""", """{"type":"future_tool_use","id":"t","input":[1]}""",
        """{"type":"input_json_delta","partial_json":"[1]"}""")]
    [InlineData("""{"type":"text","text":"","citations":null}""", """{"type":"text","text":"a","citations":[{"x":1},{"x":2}]}""",
        """{"type":"citations_delta","citation":{"x":1}}""", """{"type":"text_delta","text":"a"}""",
            """{"type":"citations_delta","citation":{"x":2}}""")]
    [InlineData(
        """{"type":"text","text":"","citations":[ {"x":0} ]}""", """{"type":"text","text":"","citations":[{"x":0},{"x":1}]}""",
        """{"type":"citations_delta","citation":{"x":1}}""")]
    [InlineData("""{"type":"text","text":"","citations":[]}""", """{"type":"text","text":"","citations":[{"x":1}]}""",
        """{"type":"citations_delta","citation":{"x":1}}""")]
    [InlineData("""{"type":"compaction","content":null}""", """{"type":"compaction","content":"short","encrypted_content":"e"}""",
        """{"type":"compaction_delta","content":"long"}""",
            """{"type":"compaction_delta","content":"short","encrypted_content":"e"}""")]
    [InlineData("""{"type":"compaction","content":"x"}""", """{"type":"compaction","content":null}""",
        """{"type":"compaction_delta","content":null}""")]
    [InlineData("""{"type":"narration","words":"","mood":1}""", """{"type":"narration","words":"once upon","mood":2,"tag":"t"}""",
        """{"type":"narration_delta","words":"once "}""", """{"type":"narration_delta","words":"upon","mood":2,"tag":"t"}""")]
    [InlineData("""{"type":"redacted_thinking","data":"Em+/=","x":[1, 2]}""",
        """{"type":"redacted_thinking","data":"Em+/=","x":[1,2]}""")]
    public void Block_is_the_sum_of_its_deltas(string start, string expected, params string[] deltas)
    {
        var fold = Wire.Fold([Start, Block(
            start), .. deltas.Select(delta => $$"""{"type":"content_block_delta","index":0,"delta":{{delta}}}"""), Stop]);
        Assert.Equal(FoldEnd.Complete, fold.EndOfStream());
        var message = fold.Finish()!;
        Assert.Empty(message.CutInputs);
        using var json = JsonDocument.Parse(message.Json);
        AssertJson.Same(expected, Encoding.UTF8.GetBytes(json.RootElement.GetProperty("content")[0].GetRawText()));
    }

    [Theory]
    [InlineData("""{"a":"b","c":"d""", """{"a":"b"}""")]
    [InlineData("""{"a":[1,{"b":tru""", """{"a":[1,{}]}""")]
    [InlineData("""{"a":12""", "{}")]
    [InlineData("""{"a":12,""", """{"a":12}""")]
    [InlineData("""{"a":[12,13""", """{"a":[12]}""")]
    [InlineData("""{"a":"\u00""", "{}")]
    [InlineData("""{"a":{"b":1}""", """{"a":{"b":1}}""")]
    [InlineData("""{"a":1} x""", "{}")]
    [InlineData("nonsense", "{}")]
    [InlineData("\"text", "{}")]
    public void Cut_off_tool_input_is_completed_and_its_original_kept(string cut, string mended)
    {
        var delta = JsonSerializer.Serialize(
            new { type = "content_block_delta", index = 0, delta = new { type = "input_json_delta", partial_json = cut } });
        var fold = Wire.Fold(Start, Block("""{"type":"tool_use","id":"t","name":"n","input":{}}"""), delta, Stop);
        var message = fold.Finish()!;
        var kept = Assert.Single(message.CutInputs);
        Assert.Equal((0, cut), (kept.Index, Encoding.UTF8.GetString(kept.Text.Span)));
        using var json = JsonDocument.Parse(message.Json);
        Assert.Equal(mended, json.RootElement.GetProperty("content")[0].GetProperty("input").GetRawText());
    }

    [Fact]
    public void Message_keeps_its_bytes_where_no_event_changes_them()
    {
        var fold = Wire.Fold(Start, Block("""{"type":"text",  "text":"","n":1.0}"""), Delta, Stop);
        Assert.Equal(
            """{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"","n":1.0}]"""
                + ""","stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":7"""
                + ""","cache_read_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":3"""
                + ""","ephemeral_1h_input_tokens":4},"output_tokens":12,"service_tier":"standard"}}""",
            Encoding.UTF8.GetString(fold.Finish()!.Json.Span));
    }

    [Fact]
    public void Counters_are_overwritten_and_never_added()
    {
        var fold = Wire.Fold(Start);
        Assert.Equal((5, 1, 7, 9, 3, 4), Counters(fold));
        const string delta = """{"type":"message_delta","delta":{},"usage":{"output_tokens":20,"input_tokens":7244"""
            + ""","cache_read_input_tokens":null,"server_tool_use":{"web_search_requests":1}}}""";
        fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(delta)));
        Assert.Equal((7244, 20, 7, 9, 3, 4), Counters(fold));
        const string last = """{"type":"message_delta","delta":{},"usage":{"output_tokens":21,"cache_creation":"""
            + """{"ephemeral_1h_input_tokens":8}}}""";
        fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(last)));
        Assert.Equal((7244, 21, 7, 9, null, 8), Counters(fold));
        Assert.Equal(
            """{"input_tokens":7244,"cache_creation_input_tokens":7,"cache_read_input_tokens":9,"cache_creation":"""
                + """{"ephemeral_1h_input_tokens":8},"output_tokens":21,"service_tier":"standard","server_tool_use":"""
                + """{"web_search_requests":1}}""",
            Encoding.UTF8.GetString(fold.Usage!.RawJson.Span));
    }

    [Fact]
    public void Unknown_members_of_last_events_are_kept_in_the_message()
    {
        var fold = Wire.Fold(
            """{"type":"message_start","message":{"id":"m","content":[],"container":null,"novel":{"a":1}}}""",
            """{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal"},"container":"""
                + """{"id":"c"},"other":null},"context_management":{"applied_edits":[]},"x":null,"usage":{"output_tokens":3}}""",
            Stop);
        AssertJson.Same(
            """{"id":"m","content":[],"container":{"id":"c"},"novel":{"a":1},"stop_reason":"refusal","stop_details":"""
                + """{"type":"refusal"},"context_management":{"applied_edits":[]},"usage":{"output_tokens":3}}""",
            fold.Finish()!.Json);
    }

    [Fact]
    public void Message_that_starts_whole_needs_no_delta()
    {
        var fold = Wire.Fold(
            """{"type":"message_start","message":{"id":"m","model":"x","content":[{"type":"text","text":"a"},"""
                + """{"type":"tool_use","input":{"b":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1"""
                + ""","output_tokens":2}}}""",
            Stop);
        var message = fold.Finish()!;
        Assert.Equal((FoldEnd.Complete, "tool_use", "m", "x"), (fold.End, message.StopReason, message.Id, message.Model));
        AssertJson.Same("""[{"type":"text","text":"a"},{"type":"tool_use","input":{"b":1}}]""", Content(message));
    }

    [Fact]
    public void Blocks_after_those_of_the_start_go_behind_them()
    {
        var fold = Wire.Fold(
            """{"type":"message_start","message":{"content":[{"type":"text","text":"a"}]}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"c"}}""",
            Stop);
        AssertJson.Same("""[{"type":"text","text":"ab"},{"type":"text","text":"c"}]""", Content(fold.Finish()!));
    }

    [Fact]
    public void Model_is_the_one_that_upstream_fell_back_to()
    {
        var fold = Wire.Fold(Start, Block("""{"type":"fallback","from":{"model":"m"},"to":{"model":"m2"}}"""), Stop);
        Assert.Equal("m2", fold.Model);
        Assert.Contains("\"model\":\"m2\"", Encoding.UTF8.GetString(fold.Finish()!.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void End_without_message_stop_is_an_interruption()
    {
        var fold = Wire.Fold(Start, Block("""{"type":"text","text":""}"""), Delta);
        Assert.Equal(FoldEnd.Open, fold.End);
        Assert.Equal(FoldEnd.Interrupted, fold.EndOfStream());
        Assert.Equal(12, fold.Usage!.OutputTokens);
        Assert.NotNull(fold.Finish());
        var nothing = new MessageFold();
        Assert.Equal((FoldEnd.Interrupted, false), (nothing.EndOfStream(), nothing.HasBegun));
        Assert.Null(nothing.Finish());
    }

    [Fact]
    public void Error_event_ends_the_answer()
    {
        var fold = Wire.Fold(Start, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""",
            """{"type":"error","error":{}}""");
        Assert.Equal(FoldEnd.Error, fold.EndOfStream());
        Assert.Equal(("overloaded_error", "Overloaded"), fold.Error);
    }

    [Theory]
    [InlineData("a second message_start came in one answer", Start, Start)]
    [InlineData("a second message_start came in one answer", Start, Stop, Start)]
    [InlineData("message_start has no message", """{"type":"message_start"}""")]
    [InlineData("message_stop came before message_start", Stop)]
    [InlineData("content_block_stop came before message_start", """{"type":"content_block_stop","index":0}""")]
    [InlineData(
        "content_block_stop came after the end of the message", Start, Stop, """{"type":"content_block_stop","index":0}""")]
    [InlineData("content_block_start for block 1 came where 0 have begun", Start,
        """{"type":"content_block_start","index":1,"content_block":{"type":"x"}}""")]
    [InlineData("content_block_start for block 0 came where 0 have begun", Start, """{"type":"content_block_start","index":0}""")]
    [InlineData("content_block_delta for block 0 came where 0 have begun", Start,
        """{"type":"content_block_delta","index":0,"delta":{}}""")]
    [InlineData(
        "content_block_delta for block -1 came where 0 have begun", Start, """{"type":"content_block_delta","delta":{}}""")]
    public void Events_out_of_order_are_refused_in_words(string why, params string[] events)
    {
        Assert.Equal(why, Assert.Throws<MalformedAnswerException>(() => Wire.Fold(events)).Message);
        var light = new MessageFold(keepContent: false);
        Assert.Equal(why, Assert.Throws<MalformedAnswerException>(() =>
        {
            foreach (var json in events)
                light.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(json)));
        }).Message);
    }

    [Fact]
    public void Fold_without_content_still_counts_usage()
    {
        var fold = new MessageFold(keepContent: false);
        foreach (var json in new[] { Start, Block("""{"type":"text","text":""}"""), Delta, Stop })
            fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.Equal((FoldEnd.Complete, 12L, "end_turn", "msg_1", "m"),
            (fold.End, fold.Usage!.OutputTokens, fold.StopReason, fold.Id, fold.Model));
        Assert.Throws<InvalidOperationException>(() => fold.Finish());
    }

    [Theory]
    [InlineData("<html>", "it is not JSON (at line 1, byte 0)")]
    [InlineData("", "it is not JSON (at line 1, byte 0)")]
    [InlineData("[]", "it is JSON, but not a message")]
    [InlineData("""{"type":"error","error":{}}""", "it is JSON, but not a message")]
    public void Unstreamed_answer_that_is_not_a_message_is_refused(string body, string why) =>
        Assert.Equal(
            why, Assert.Throws<MalformedAnswerException>(() => FoldedMessage.Read(Encoding.UTF8.GetBytes(body))).Message);

    [Fact]
    public void Unstreamed_answer_is_read_unchanged()
    {
        var body = """ {"id":"m\u0031","model":"x","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1"""
            + ""","output_tokens":-2,"cache_read_input_tokens":1.5}} """;
        var message = FoldedMessage.Read(Encoding.UTF8.GetBytes(body));
        Assert.Equal(("m1", "x", "end_turn", body),
            (message.Id, message.Model, message.StopReason, Encoding.UTF8.GetString(message.Json.Span)));
        Assert.Equal((1, 0, 0, 0, null, null), Counters(message.Usage!));
    }

    private static string Block(string block) => $$"""{"type":"content_block_start","index":0,"content_block":{{block}}}""";

    private static ReadOnlyMemory<byte> Content(FoldedMessage message) => new JsonMembers(message.Json).Find("content"u8);

    private static (long, long, long, long, long?, long?) Counters(MessageFold fold) => Counters(fold.Usage!);

    private static (long, long, long, long, long?, long?) Counters(UsageCount usage) => (
        usage.InputTokens, usage.OutputTokens, usage.CacheCreationInputTokens, usage.CacheReadInputTokens,
        usage.CacheCreation5mInputTokens, usage.CacheCreation1hInputTokens);
}
