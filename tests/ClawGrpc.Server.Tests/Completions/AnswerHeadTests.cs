using System.IO.Compression;
using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>Heads of answers that Anthropic's SDKs take: any 2xx, any content type, any usual coding.</summary>
public class AnswerHeadTests
{
    private const string Events = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[]}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi there."}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Message = """
        {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi there."}],
        "stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}
        """;

    private const string Limited = """
        {"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}
        """;

    public static TheoryData<string, string> Codings => new()
    {
        { "gzip", "gzip" },
        { "GZIP", "gzip" },
        { "x-gzip", "gzip" },
        { "br", "br" },
        { "deflate", "zlib" },
        { "deflate", "raw deflate" },
        { "identity", "" },
        { "gzip, br", "gzip,br" },
    };

    [Theory]
    [InlineData("200 OK")]
    [InlineData("200 OK\ncontent-type: text/plain")]
    [InlineData("200 OK\ncontent-type: application/octet-stream")]
    [InlineData("200 OK\ncontent-type: application/json")]
    [InlineData("200 OK\ncontent-type: no/such; type=\"")]
    [InlineData("201 Created\ncontent-type: text/event-stream")]
    [InlineData("203 Non-Authoritative Information\ncontent-type: text/plain; charset=utf-8")]
    public async Task Stream_is_served_whatever_its_head_says(string head)
    {
        string[] bodies =
            [Events, $"\uFEFF{Events}", $"\r\n\n{Events}", $": comment\n\n{Events}", Message, $"\n {Message}"];
        foreach (var body in bodies)
        {
            await using var upstream = RawUpstream.Of(RawUpstream.Answer(head, Encoding.UTF8.GetBytes(body)));
            await using var fixture = await ServerFixture.StartAsync(upstream);
            var whole = await fixture.CompleteAsync();
            Assert.Equal(("Hi there.", "end_turn"), (whole.Text, whole.Served.StopReason));
            Assert.Equal("end_turn", (await fixture.StreamAsync()).Served.StopReason);
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task Coded_answer_is_decoded(string coding, string codedAs)
    {
        foreach (var body in new[] { Events, Message })
        {
            await using var upstream = RawUpstream.Of(
                RawUpstream.Answer($"200 OK\ncontent-encoding: {coding}", Coded(body, codedAs)));
            await using var fixture = await ServerFixture.StartAsync(upstream);
            Assert.Equal("Hi there.", (await fixture.CompleteAsync()).Text);
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task Coded_error_says_what_it_means(string coding, string codedAs)
    {
        await using var upstream = RawUpstream.Of(
            RawUpstream.Answer($"429 Too Many Requests\ncontent-encoding: {coding}", Coded(Limited, codedAs)));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var counted = await CountAsync(fixture);
        Assert.Equal(("RATE_LIMITED", "Slow down."), (counted.Reason, counted.Message));
        Assert.Equal(counted.Message, (await fixture.StreamAsync()).Failed.Message);
    }

    [Fact]
    public async Task Coded_counts_and_lists_are_decoded()
    {
        await using var upstream = RawUpstream.Of(request => RawUpstream.Answer("200 OK\ncontent-encoding: gzip", Coded(
            request.Head.StartsWith("GET", StringComparison.Ordinal)
                ? """{"data":[{"type":"model","id":"claude-new","display_name":"New"}],"has_more":false}"""
                : """{"input_tokens":17}""",
            "gzip")));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var count = await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = Prompts.Input() });
        Assert.Equal(17, count.InputTokens);
        var list = await fixture.Models.ListModelsAsync(new ListModelsRequest());
        Assert.Contains("anthropic/claude-new", list.Models.Select(model => model.Model_));
    }

    [Theory]
    [InlineData("zstd", "The answer is malformed: its content-encoding is zstd.")]
    [InlineData("gzip", "The connection to Anthropic failed: ")]
    [InlineData("br", "The connection to Anthropic failed: ")]
    [InlineData("deflate", "The connection to Anthropic failed: ")]
    public async Task Answer_that_cannot_be_decoded_is_a_server_error(string coding, string told)
    {
        await using var upstream = RawUpstream.Of(
            RawUpstream.Answer($"200 OK\ncontent-encoding: {coding}", Encoding.UTF8.GetBytes(Events)));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.Unavailable, "SERVER_ERROR"), (failed.Code, failed.Reason));
        Assert.StartsWith(told, failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>Welcome</html>", "The answer is not events but text/html.")]
    [InlineData("", "The answer ended before it began.")]
    [InlineData("OK", "The answer ended before it began.")]
    public async Task Success_without_an_answer_is_a_server_error(string body, string told)
    {
        await using var upstream = RawUpstream.Of(
            RawUpstream.Answer("200 OK\ncontent-type: text/html", Encoding.UTF8.GetBytes(body)));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(("SERVER_ERROR", told), (failed.Reason, failed.Message));
    }

    private static async Task<CallFailure> CountAsync(ServerFixture fixture) =>
        new(await Assert.ThrowsAsync<RpcException>(
            async () => await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = Prompts.Input() })));

    private static byte[] Coded(string text, string codings)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var coding in codings.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            using var coded = new MemoryStream();
            using (Stream coder = coding switch
            {
                "gzip" => new GZipStream(coded, CompressionLevel.Fastest),
                "br" => new BrotliStream(coded, CompressionLevel.Fastest),
                "zlib" => new ZLibStream(coded, CompressionLevel.Fastest),
                _ => new DeflateStream(coded, CompressionLevel.Fastest),
            })
            {
                coder.Write(bytes);
            }

            bytes = coded.ToArray();
        }

        return bytes;
    }
}
