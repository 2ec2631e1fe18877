using System.Text;
using System.Text.Json.Nodes;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Mapping;

public class EventMappingTests
{
    private const string Start = """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","""
        + """ "model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":5,"output_tokens":1}}}""";
    private const string Tool =
        """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}""";

    [Theory]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n\u00e9"}}""",
        """{ "blockDelta": { "text": "a\né" } }""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}""",
        """{ "blockDelta": { "partialJson": "" } }""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}""",
        """{ "blockDelta": { "thinking": "x" } }""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}""",
        """{ "blockDelta": { "signature": "s" } }""")]
    [InlineData("""{"type":"content_block_stop","index":0}""", """{ "blockStop": { } }""")]
    public void A_plain_event_is_typed(string json, string expected) => Assert.Equal(expected, Map(json).ToString());

    [Theory]
    [InlineData("""{"type":"citations_delta","citation":{"encrypted_index":"Eo8B/+=="}}""")]
    [InlineData("""{"type":"thinking_delta","thinking":"x","estimated_tokens":4}""")]
    [InlineData("""{"type":"novel_delta", "x":1.0}""")]
    public void Delta_that_does_not_fit_its_type_is_sent_as_raw_JSON(string delta)
    {
        var message = Map($$"""{"type":"content_block_delta","index":0,"delta":{{delta}}}""");
        Assert.Equal(delta, message.BlockDelta.RawJson.ToStringUtf8());
    }

    [Theory]
    [InlineData(
        "content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"},"novel":1}""")]
    [InlineData("content_block_stop", """{"type":"content_block_stop","index":0,"novel":1}""")]
    [InlineData("ping", """{"type":"ping","novel":1}""")]
    [InlineData("queue_status", """{"type":"queue_status", "place": 7}""")]
    public void Event_with_unknown_members_is_sent_raw(string type, string json)
    {
        var message = Map(json);
        Assert.Equal((type, json), (message.Raw.Type, message.Raw.Json.ToStringUtf8()));
    }

    [Fact]
    public void Tool_input_begins_empty_because_its_deltas_hold_all_of_it()
    {
        var fold = new MessageFold();
        Assert.Equal("", Map(Tool, fold, before: Start)!.BlockStart.Block.ToolUse.InputJson.ToStringUtf8());
    }

    [Fact]
    public void Last_event_has_the_total_usage()
    {
        const string Delta = """{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"}"""
            + ""","usage":{"output_tokens":9}}""";
        var message = Map(Delta, new MessageFold(), before: Start)!.MessageDelta;
        Assert.Equal(("stop_sequence", "END", 5L, 9L, Delta),
            (message.StopReason, message.StopSequence, message.Usage.InputTokens, message.Usage.OutputTokens,
                message.RawJson.ToStringUtf8()));
        Assert.False(message.Usage.HasCacheCreation1HInputTokens);
        Assert.Equal("""{"input_tokens":5,"output_tokens":9}""", message.Usage.RawJson.ToStringUtf8());
    }

    [Theory]
    [InlineData("""{"type": "ping"}""")]
    [InlineData("""{"type":"message_stop"}""")]
    [InlineData(Start)]
    public void Event_without_typed_message_is_sent_only_as_raw_event(string json)
    {
        var read = StreamEvent.Parse(Encoding.UTF8.GetBytes(json));
        Assert.Null(EventMapping.ToMessage(read, new MessageFold(), raw: false));
        Assert.Equal(json, EventMapping.ToMessage(read, new MessageFold(), raw: true)!.Raw.Json.ToStringUtf8());
    }

    [Theory]
    [InlineData(Start, "")]
    [InlineData("""{"type":"message_start","message":{"id":"m","content":[{"type":"text","text":"a"},"""
        + """{"type":"tool_use","id":"t","name":"n","input":{}}],"stop_reason":"tool_use"}}""",
        "blockStart|blockStop|blockStart|blockStop|messageDelta")]
    [InlineData(
        """{"type":"message_start","message":{"id":"m","content":[],"container":{"id":"c"},"stop_details":null}}""", "raw")]
    public void Content_of_message_start_follows_as_events(string start, string expected)
    {
        var fold = new MessageFold();
        var read = StreamEvent.Parse(Encoding.UTF8.GetBytes(start));
        fold.Add(read);
        var after = EventMapping.AfterStart(read, fold, raw: false).ToList();
        Assert.Equal(expected, string.Join(
            '|', after.Select(message => char.ToLowerInvariant($"{message.EventCase}"[0]) + $"{message.EventCase}"[1..])));
        var raw = Assert.Single(EventMapping.AfterStart(read, fold, raw: true));
        Assert.Equal(start, raw.Raw.Json.ToStringUtf8());
    }

    [Fact]
    public void A_whole_answer_is_typed_and_loses_nothing()
    {
        const string json = """{"id":"msg_1","type":"message","role":"assistant","model":"m","content":"""
            + """[{"type":"text","text":"a"},{"type":"novel","x":1.0}],"stop_reason":"end_turn","stop_sequence":null,"""
            + """ "container":{"id":"c"},"stop_details":null,"usage":{"input_tokens":1,"output_tokens":2,"""
            + """ "cache_creation":{"ephemeral_1h_input_tokens":3}}}""";
        var message = FoldedMessage.Read(Encoding.UTF8.GetBytes(json));
        var completion = EventMapping.ToCompletion(message, raw: false);
        Assert.Equal(("msg_1", "m", "end_turn", false),
            (completion.Id, completion.Model, completion.StopReason, completion.HasStopSequence));
        Assert.Equal("""{"container":{"id":"c"},"stop_details":null}""", completion.ExtraJson.ToStringUtf8());
        Assert.Equal(("a", """{"type":"novel","x":1.0}"""),
            (completion.Content[0].Text.Text, completion.Content[1].RawJson.ToStringUtf8()));
        Assert.Equal((2L, 3L, true),
            (completion.Usage.OutputTokens, completion.Usage.CacheCreation1HInputTokens, completion.RawJson.IsEmpty));
        var raw = EventMapping.ToCompletion(message, raw: true);
        Assert.Equal((0, true), (raw.Content.Count, raw.ExtraJson.IsEmpty));
        Assert.Equal(message.Json.ToArray(), raw.RawJson.ToByteArray());
    }

    [Fact]
    public void Truncated_tool_input_is_given_as_received()
    {
        var fold = new MessageFold();
        const string delta =
            """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"b"}}""";
        foreach (var json in new[] { Start, Tool, delta, """{"type":"message_stop"}""" })
            fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(json)));
        var completion = EventMapping.ToCompletion(fold.Finish()!, raw: false);
        Assert.Equal("{\"a\":\"b", completion.Content[0].ToolUse.InputJson.ToStringUtf8());
    }

    [Fact]
    public void Typed_events_of_each_recorded_stream_make_its_message()
    {
        foreach (var (name, events) in Recorded.Streams())
        {
            var fold = new MessageFold();
            var typed = new List<StreamCompleteResponse>();
            try
            {
                foreach (var json in events)
                {
                    var read = StreamEvent.Parse(Encoding.UTF8.GetBytes(json));
                    fold.Add(read);
                    typed.AddRange(read.Kind == StreamEventKind.MessageStart
                        ? EventMapping.AfterStart(read, fold, raw: false)
                        : EventMapping.ToMessage(read, fold, raw: false) is { } part ? [part] : []);
                }
            }
            catch (MalformedAnswerException)
            {
                continue;
            }

            // An input that was cut off adds up to no JSON; the whole answer has it mended.
            var message = fold.Finish()!;
            if (!message.CutInputs.IsEmpty)
                continue;
            var whole = JsonNode.Parse(message.Json.Span)!["content"];
            Assert.True(JsonNode.DeepEquals(whole, AddedUp(typed)), $"{name}\n{whole}\n{AddedUp(typed)}");
        }
    }

    [Fact]
    public void Every_recorded_answer_is_typed_and_loses_nothing()
    {
        foreach (var (name, json) in Recorded.Messages())
        {
            var completion = EventMapping.ToCompletion(FoldedMessage.Read(json), raw: false);
            var content = new JsonArray([.. completion.Content.Select(block => JsonNode.Parse(Blocks.Write(block)))]);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json)!["content"], content), name);
        }
    }

    // What a client makes of the typed events.
    private static JsonArray AddedUp(List<StreamCompleteResponse> events)
    {
        var blocks = new List<(JsonObject Block, StringBuilder Input)>();
        foreach (var message in events)
        {
            if (message.BlockStart is { } start)
                blocks.Add((JsonNode.Parse(Blocks.Write(start.Block))!.AsObject(), new StringBuilder()));
            if (message.BlockDelta is not { } delta)
                continue;
            var (block, input) = blocks[delta.Index];
            switch (delta.DeltaCase)
            {
                case ContentBlockDelta.DeltaOneofCase.Text:
                    block["text"] = (string?)block["text"] + delta.Text;
                    break;
                case ContentBlockDelta.DeltaOneofCase.Thinking:
                    block["thinking"] = (string?)block["thinking"] + delta.Thinking;
                    break;
                case ContentBlockDelta.DeltaOneofCase.Signature:
                    block["signature"] = delta.Signature;
                    break;
                case ContentBlockDelta.DeltaOneofCase.PartialJson:
                    input.Append(delta.PartialJson);
                    break;
                default:
                    var raw = JsonNode.Parse(delta.RawJson.Span)!.AsObject();
                    if (raw["citation"] is { } citation)
                    {
                        block["citations"] = new JsonArray(
                            [.. (block["citations"] as JsonArray ?? []).Append(citation).Select(each => each!.DeepClone())]);
                    }
                    else
                    {
                        raw.Where(member => member.Key != "type").ToList()
                            .ForEach(member => block[member.Key] = member.Value?.DeepClone());
                    }
                    break;
            }
        }

        foreach (var (block, input) in blocks.Where(each => each.Input.Length > 0))
            block["input"] = JsonNode.Parse(input.ToString());
        return new JsonArray([.. blocks.Select(each => each.Block)]);
    }

    private static StreamCompleteResponse Map(string json) =>
        EventMapping.ToMessage(StreamEvent.Parse(Encoding.UTF8.GetBytes(json)), new MessageFold(), raw: false)!;

    private static StreamCompleteResponse? Map(string json, MessageFold fold, string before)
    {
        fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(before)));
        var read = StreamEvent.Parse(Encoding.UTF8.GetBytes(json));
        fold.Add(read);
        return EventMapping.ToMessage(read, fold, raw: false);
    }
}
