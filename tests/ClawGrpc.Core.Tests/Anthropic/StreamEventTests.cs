using System.Text;
using ClawGrpc.Core.Anthropic;
using CsCheck;

namespace ClawGrpc.Core.Tests.Anthropic;

public class StreamEventTests
{
    private const string Start = """{"type":"message_start","message":{"id":"m","content":[]}}""";

    [Theory]
    [InlineData(Start, StreamEventKind.MessageStart, -1, false, true)]
    [InlineData("""{"type":"message_start","message":{"content":[ ],"id":"m"}}""", StreamEventKind.MessageStart, -1, false, true)]
    [InlineData(
        """{"type":"message_start","message":{"content":[{"type":"text"}]}}""", StreamEventKind.MessageStart, -1, true, true)]
    [InlineData("""{"type":"message_start","message":{"content":null}}""", StreamEventKind.MessageStart, -1, false, true)]
    [InlineData("""{"type":"message_start"}""", StreamEventKind.MessageStart, -1, false, false)]
    [InlineData("""{"type":"message_start","message":[]}""", StreamEventKind.MessageStart, -1, false, false)]
    [InlineData("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        StreamEventKind.BlockStart, 0, true, true)]
    [InlineData("""{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a"}}""",
        StreamEventKind.BlockDelta, 3, true, true)]
    [InlineData("""{"type":"content_block_stop","index":12}""", StreamEventKind.BlockStop, 12, true, true)]
    [InlineData("""{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}""",
        StreamEventKind.MessageDelta, -1, true, true)]
    [InlineData("""{"type":"message_delta","delta":{},"usage":{},"context_management":{}}""", StreamEventKind.MessageDelta, -1,
        true, false)]
    [InlineData("""{"type":"message_stop"}""", StreamEventKind.MessageStop, -1, true, true)]
    [InlineData("""{"type": "ping"}""", StreamEventKind.Ping, -1, false, true)]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", StreamEventKind.Error, -1,
        false, true)]
    [InlineData("""{"type":"queue_status","place":7}""", StreamEventKind.Unknown, -1, false, false)]
    [InlineData("""{"index":1}""", StreamEventKind.Unknown, 1, false, false)]
    [InlineData("""{"index":1,"type":"content_block_stop"   }""", StreamEventKind.BlockStop, 1, true, true)]
    [InlineData("""{"type":"content_block_stop","index":1,"extra":0}""", StreamEventKind.BlockStop, 1, true, false)]
    [InlineData("""{"type":"content_block_stop","index":1,"usage":{}}""", StreamEventKind.BlockStop, 1, true, false)]
    internal void Kind_of_event_follows_from_the_type_in_its_data(
        string json, StreamEventKind kind, int index, bool bears, bool plain)
    {
        var read = Parse(json);
        Assert.Equal((kind, index, bears, plain), (read.Kind, read.Index, read.BearsContent, read.IsPlain));
        Assert.Equal(json, Encoding.UTF8.GetString(read.Data.Span));
    }

    [Theory]
    [InlineData("""{"type":"text_delta","text":"a\n"}""", DeltaKind.Text, "a\\n", true)]
    [InlineData("""{"text":"ab","type":"text_delta"}""", DeltaKind.Text, "ab", true)]
    [InlineData("""{"type":"text_delta","text":""}""", DeltaKind.Text, "", true)]
    [InlineData("""{"type":"input_json_delta","partial_json":"{\"a\":"}""", DeltaKind.InputJson, "{\\\"a\\\":", true)]
    [InlineData("""{"type":"thinking_delta","thinking":"hm"}""", DeltaKind.Thinking, "hm", true)]
    [InlineData("""{"type":"thinking_delta","thinking":"hm","estimated_tokens":4}""", DeltaKind.Thinking, "hm", false)]
    [InlineData("""{"type":"signature_delta","signature":"EqQB"}""", DeltaKind.Signature, "EqQB", true)]
    [InlineData("""{"type":"citations_delta","citation":{"cited_text":"x"}}""", DeltaKind.Citations, "", false)]
    [InlineData("""{"type":"compaction_delta","content":null}""", DeltaKind.Compaction, "", false)]
    [InlineData("""{"type":"text_delta","thinking":"x"}""", DeltaKind.Text, "", false)]
    [InlineData("""{"type":"text_delta","text":1}""", DeltaKind.Text, "", false)]
    [InlineData("""{"type":"new_delta","text":"x"}""", DeltaKind.Other, "", false)]
    [InlineData("""{"type":null}""", DeltaKind.Other, "", false)]
    [InlineData("\"text\"", DeltaKind.Other, "", false)]
    internal void Delta_has_its_text_with_escapes(string delta, DeltaKind kind, string text, bool plain)
    {
        var read = Parse($$"""{"type":"content_block_delta","index":0,"delta":{{delta}}}""");
        Assert.Equal((kind, text, plain), (read.Delta, Encoding.UTF8.GetString(read.Text.Span), read.IsPlain));
    }

    [Theory]
    [InlineData("error", """{"error":{"type":"api_error","message":"x"}}""", StreamEventKind.Error, "error")]
    [InlineData("ping", "{}", StreamEventKind.Ping, "ping")]
    [InlineData("error", """{"type":"ping"}""", StreamEventKind.Ping, "ping")]
    [InlineData("novel", "{}", StreamEventKind.Unknown, "novel")]
    [InlineData("x", """{"type":"nov\u0065l"}""", StreamEventKind.Unknown, "novel")]
    internal void Event_name_counts_only_if_the_data_has_no_type(string name, string json, StreamEventKind kind, string type)
    {
        var read = StreamEvent.Parse(new SseEvent(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(json)));
        Assert.Equal((kind, type), (read.Kind, read.Type));
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Over\"loaded\""},"request_id":"req_1"}""",
        "overloaded_error", "Over\"loaded\"")]
    [InlineData("""{"type":"error","error":{"details":{"type":"no","a":[1]},"message":null}}""", "", "")]
    [InlineData("upstream connect error", "", "upstream connect error")]
    public void Error_has_upstreams_words(string data, string type, string message)
    {
        var read = StreamEvent.Parse(new SseEvent("error"u8.ToArray(), Encoding.UTF8.GetBytes(data)));
        Assert.Equal(StreamEventKind.Error, read.Kind);
        Assert.Equal((type, message), read.Error());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[DONE]")]
    [InlineData("[]")]
    [InlineData("\"ping\"")]
    [InlineData("{\"type\":\"ping\"")]
    [InlineData("{\"type\":\"ping\"}}")]
    [InlineData("{\"type\":\"ping\"}{}")]
    [InlineData("{\"index\":-1}")]
    [InlineData("{\"index\":100001}")]
    [InlineData("{\"index\":1e3}")]
    [InlineData("{\"index\":\"1\"}")]
    public void Malformed_event_is_refused(string data) => Assert.Throws<MalformedAnswerException>(() => Parse(data));

    [Theory]
    [InlineData("""{"type":"\ud83d"}""", "\uFFFD")]
    [InlineData(
        """{"\ud83d":1,"type":"content_block_delta","index":0,"delta":{"\ud83d":1,"type":"\ude00"}}""", "content_block_delta")]
    [InlineData("""{"type":"error","error":{"\ud83d":1,"type":"\ud83d"}}""", "error")]
    public void Half_surrogate_pairs_are_no_reason_to_fail(string json, string type)
    {
        var read = Parse(json);
        Assert.Equal(type, read.Type);
        _ = read.Error();
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_refused()
    {
        var nested = string.Concat(Enumerable.Repeat("[", 600)) + string.Concat(Enumerable.Repeat("]", 600));
        Assert.Throws<MalformedAnswerException>(() => Parse($$"""{"type":"x","deep":{{nested}}}"""));
    }

    [Fact]
    public void Spoiled_event_is_read_or_malformed() => Gen.Select(
        Gen.OneOf(Start, """{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a\u00e9\\"}}"""),
        Gen.Select(Gen.UShort, Gen.Byte).Array[1, 3],
        Gen.UShort).Sample(
        (json, flips, length) =>
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            foreach (var (at, flipped) in flips)
                bytes[at % bytes.Length] = flipped;
            try
            {
                var read = StreamEvent.Parse(bytes.AsMemory(0, length % (bytes.Length + 1)));
                _ = read.Type;
                new MessageFold().Add(read);
            }
            catch (MalformedAnswerException)
            {
                // The one exception that a caller has to expect.
            }
        },
        iter: 20_000);

    // A leading space only keeps an event from being recognized by its first bytes.
    [Fact]
    public void Delta_recognized_by_its_bytes_reads_like_any_other()
    {
        var recognized = 0;
        Deltas.Sample(
            json =>
            {
                var (expected, actual) = (Look($" {json}"), Look(json));
                Assert.Equal(expected, actual);
                if (actual.Contains("True", StringComparison.Ordinal))
                    Interlocked.Increment(ref recognized);
            },
            iter: 20_000);
        Assert.InRange(recognized, 2_000, 18_000);

        static string Look(string json)
        {
            try
            {
                var read = Parse(json);
                return $"{read.Kind} {read.Index} {read.Delta} {read.IsPlain} {read.BearsContent} {read.Type} "
                    + $"[{Text(read.Part)}] [{Text(read.Text)}] [{Text(read.Usage)}]";
            }
            catch (MalformedAnswerException)
            {
                return "malformed";
            }
        }

        static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
    }

    // Deltas as upstream writes them, and slightly different ones.
    private static readonly Gen<string> Deltas = Gen.Select(
        Gen.OneOf(
            "\"text_delta\",\"text\"", "\"input_json_delta\",\"partial_json\"", "\"thinking_delta\",\"thinking\"",
            "\"signature_delta\",\"signature\"", "\"text_delta\",\"thinking\""),
        Gen.OneOf(
            Gen.OneOf("", "a", " é€😀", "\\\"", """\n\t\\"""),
            Gen.OneOf("""\u00e9\ud83d\ude00""", """\ud83d""", """\x""", "\\", "\u0001", "\u007f", "\"", "\"},")).Array[0, 3],
        Gen.OneOf(Gen.Const("0"), Gen.OneOf("7", "12", "99999", "100000", "007", "-1", "1.0", "1e2", "", "4294967296")),
        Gen.OneOf(Gen.Const("}"), Gen.OneOf("   }", " \t}", "}}", "", "} ", ",\"usage\":{}}")),
        (kind, texts, index, end) =>
            $$"""{"type":"content_block_delta","index":{{index}},"delta":{"type":{{kind}}:"{{string.Concat(texts)}}"}{{end}}""");

    private static StreamEvent Parse(string json) => StreamEvent.Parse(Encoding.UTF8.GetBytes(json));
}
