using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Prompts;

namespace ClawGrpc.Server.Tests.Mapping;

/// <summary>Halves of surrogate pairs in deltas: upstream cuts a text anywhere.</summary>
public class PairJoinTests
{
    /// <summary>Deltas as they stand between the quotes, and the text that they add up to.</summary>
    public static TheoryData<string, string[], string> Deltas
    {
        get
        {
            var data = new TheoryData<string, string[], string>();
            foreach (var type in new[] { "text", "thinking" })
            {
                data.Add(type, [@"5 apples \ud83d", @"\ude00 done"], "5 apples \U0001F600 done");
                data.Add(type, [@"\uD83D", @"\uDE00"], "\U0001F600");
                data.Add(type, [@"a\ud83d", @"\ude00\ud83d", @"\ude01z"], "a\U0001F600\U0001F601z");
                data.Add(type, [@"a\ud83d", "b"], "a\uFFFDb");
                data.Add(type, [@"a\ud83d"], "a\uFFFD");
                data.Add(type, [@"a\ude00b"], "a\uFFFDb");
                data.Add(type, [@"a\ud83d", @"\ud83d", @"\ude00"], "a\uFFFD\U0001F600");
                data.Add(type, [@"a\\ud83d", "b"], @"a\ud83db");
                data.Add(type, [@"a\\\ud83d", @"\ude00"], "a\\\U0001F600");
                data.Add(type, ["", @"\udbff", "", @"\udfff", ""], "\U0010FFFF");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Deltas))]
    public async Task Halves_are_joined_and_a_lone_one_is_replaced(string type, string[] deltas, string text)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Replay(Encoding.UTF8.GetBytes(Answer(type, deltas))).Forever());
        var parts = (await fixture.StreamAsync()).Parts.Where(
            part => part.EventCase == StreamCompleteResponse.EventOneofCase.BlockDelta).Select(part => part.BlockDelta).ToList();
        Assert.Equal(text, string.Concat(parts.Select(part => type == "text" ? part.Text : part.Thinking)));
        Assert.All(parts, part => Assert.Empty(part.RawJson));

        // A block of thinking goes back to upstream as it came: with a lone half it is JSON.
        var whole = await fixture.Models.CompleteAsync(new CompleteRequest { Input = Input() });
        var block = Assert.Single(whole.Completion.Content);
        if (type == "text" || !text.Contains('\uFFFD', StringComparison.Ordinal))
            Assert.Equal(text, type == "text" ? block.Text.Text : block.Thinking.Thinking);
        else
            Assert.Contains("\"thinking\"", block.RawJson.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Half_before_another_block_comes_before_it()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = Answer("text", [@"a\ud83d"]).Replace(
            "data: {\"type\":\"content_block_stop\",\"index\":0}",
            "data: {\"type\":\"ping\"}\n\ndata: {\"type\":\"novel\"}\n\ndata: {\"type\":\"content_block_stop\",\"index\":0}",
            StringComparison.Ordinal);
        fixture.Sandbox.Script(Faults.Replay(Encoding.UTF8.GetBytes(answer)));
        var parts = (await fixture.StreamAsync()).Parts.Select(part => part.EventCase switch
        {
            StreamCompleteResponse.EventOneofCase.BlockDelta => part.BlockDelta.Text,
            StreamCompleteResponse.EventOneofCase.Raw => part.Raw.Type,
            _ => $"{part.EventCase}",
        });
        Assert.Equal(["Started", "BlockStart", "a", "\uFFFD", "novel", "BlockStop", "MessageDelta", "Finished"], parts);
    }

    private static string Answer(string type, IEnumerable<string> deltas)
    {
        string[] events =
        [
            """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[]}}""",
            $$$"""{"type":"content_block_start","index":0,"content_block":{"type":"{{{type}}}","{{{type}}}":""}}""",
            .. deltas.Select(delta =>
                $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"{{{type}}}_delta","{{{type}}}":"{{{delta}}}"}}"""),
            """{"type":"content_block_stop","index":0}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"}}""",
            """{"type":"message_stop"}""",
        ];
        return string.Concat(events.Select(data => $"data: {data}\n\n"));
    }
}
