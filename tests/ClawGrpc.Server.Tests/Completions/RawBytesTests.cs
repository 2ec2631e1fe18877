using System.Text;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>The bytes of an opened completion, for a face that hands them on as they are.</summary>
public class RawBytesTests
{
    private const string Body =
        ": a comment\n\nevent: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[]}}\r\n\r\n"
        + "data: {\"type\": \"ping\"}\n\n: another\n: comment\ndata: {\"type\":\"content_block_start\",\"index\":0,\n"
        + "data: \"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nid: 7\nevent: novel\ndata: {\"novel\":1}\n\n"
        + "event: message_stop\ndata: {\"type\":\"message_stop\"   }\n\n";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public async Task Bytes_of_the_events_add_up_to_the_answer(int piece)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Replay(Encoding.UTF8.GetBytes(Body), chunks: new Chunking(piece)));
        var json = """{"max_tokens":1,"messages":[{"role":"user","content":"x"}]}"""u8.ToArray();
        var request = new CompletionRequest { Caller = Caller.Server, Body = json };
        var call = await fixture.Part<CallReader>().ReadAsync(request, new FieldErrors());
        await using var opened = (await fixture.Part<Completion>().AskAsync(call, CancellationToken.None)).OrThrow();
        var bytes = new List<byte>();
        var count = 0;
        while (await opened.ReadAsync())
        {
            for (; opened.TryNext(out var read); count++)
            {
                Assert.NotEmpty(read.Type);
                bytes.AddRange(opened.Raw.Span);
            }
        }

        Assert.Null(opened.Refusal);
        Assert.Equal((5, Body), (count, Encoding.UTF8.GetString([.. bytes])));
    }
}
