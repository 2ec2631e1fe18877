using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using ClawGrpc.Server.Tests.Harness;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>Answers without an end: those that are collected have a limit, and streams hold nothing.</summary>
public class LargeAnswerTests
{
    private const string Limit = "clawgrpc: { limits: { answerMegabytes: 2 } }";
    private const int MostPieces = 100_000;

    private const string Start =
        """{"type":"message_start","message":{"content":[],"usage":{"input_tokens":3,"output_tokens":1}}}""";

    private const string Block = """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""";

    public static TheoryData<string> Floods => new(
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"TEXT"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"a":"TEXT"}}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"novel_delta","novel":"TEXT"}}""",
        """{"type":"message_delta","delta":{"novel":"TEXT"},"usage":{"output_tokens":7}}""",
        """{"type":"novel","novel":"TEXT"}""");

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Collected_answer_without_end_is_refused_with_its_usage(string data)
    {
        await using var upstream = new RawUpstream((_, stream) => FloodAsync(stream, data));
        await using var fixture = await ServerFixture.StartAsync(upstream, Limit);
        var failed = (await fixture.CompleteAsync()).Failed;
        Assert.Equal((StatusCode.ResourceExhausted, "ANSWER_TOO_LARGE", null), (failed.Code, failed.Reason, failed.RetryDelay));
        Assert.Equal(3, failed.Receipt!.Usage.InputTokens);
        Assert.Equal("Interrupted", $"{Assert.Single(failed.Receipt.Attempts).Outcome}");
    }

    [Fact]
    public async Task Coded_bomb_is_refused_like_any_other_answer()
    {
        using var coded = new MemoryStream();
        await using (var coder = new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true))
        {
            coder.Write(Encoding.UTF8.GetBytes($"data: {Start}\n\ndata: {Block}\n\n"));
            var text = new string('x', 60_000);
            var delta = Encoding.UTF8.GetBytes(
                $$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}"""
                + "\n\n");
            for (var count = 0; count < 200; count++)
                coder.Write(delta);
        }

        await using var upstream = RawUpstream.Of(RawUpstream.Answer("200 OK\ncontent-encoding: gzip", coded.ToArray()));
        await using var fixture = await ServerFixture.StartAsync(upstream, Limit);
        Assert.Equal("ANSWER_TOO_LARGE", (await fixture.CompleteAsync()).Failed.Reason);
    }

    [Fact]
    public async Task Answer_below_the_limit_is_given_whole()
    {
        var text = new string('x', 1024 * 1024);
        string[] events =
        [
            Start, Block, $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}""",
            """{"type":"content_block_stop","index":0}""", """{"type":"message_stop"}""",
        ];
        var body = Encoding.UTF8.GetBytes(string.Concat(events.Select(each => $"data: {each}\n\n")));
        await using var upstream = RawUpstream.Of(RawUpstream.Answer("200 OK", body));
        await using var fixture = await ServerFixture.StartAsync(upstream, Limit);
        Assert.Equal(text, (await fixture.CompleteAsync()).Text);
    }

    private static async Task FloodAsync(NetworkStream stream, string data)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\n\r\ndata: {Start}\n\ndata: {Block}\n\n"));
        var piece = Encoding.UTF8.GetBytes($"data: {data.Replace("TEXT", new string('x', 1000), StringComparison.Ordinal)}\n\n");
        for (var count = 0; count < MostPieces; count++)
            await stream.WriteAsync(piece);
    }
}
