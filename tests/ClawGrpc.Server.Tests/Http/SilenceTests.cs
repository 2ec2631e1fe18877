using System.Text;
using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>Signs of life while Anthropic is silent.</summary>
public class SilenceTests
{
    private const string Head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

    private const string Beginning = """
        event: message_start
        data: {"type":"message_start","message":{"type":"message","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


        """;

    private const string End = """
        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";

    [Fact]
    public async Task Silence_after_the_beginning_is_filled_with_pings()
    {
        var goOn = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head + Beginning), request.Closed);
            await goOn.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(End), request.Closed);
            throw new IOException("The answer is over.");
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var reader = await OpenAsync(fixture);
        Assert.Equal(Beginning, await ReadAsync(reader, Beginning.Length));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await fixture.Time.PassAsync(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15));
            Assert.Equal(Ping, await ReadAsync(reader, Ping.Length));
        }

        goOn.SetResult();
        Assert.Equal(End, await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Silence_before_the_beginning_gets_a_head_and_comments()
    {
        var goOn = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            await goOn.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head + Beginning + End), request.Closed);
            throw new IOException("The answer is over.");
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var opening = OpenAsync(fixture);
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(15));
        var reader = await opening;
        const string comment = ": waiting\n\n";
        Assert.Equal(comment, await ReadAsync(reader, comment.Length));
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        Assert.Equal(comment, await ReadAsync(reader, comment.Length));
        goOn.SetResult();
        Assert.Equal(Beginning + End, await reader.ReadToEndAsync());
    }

    private static async Task<StreamReader> OpenAsync(ServerFixture fixture)
    {
        var http = fixture.NewHttp();
        var response = await http.SendAsync(
            MessagesOverHttp.Request(MessagesOverHttp.StreamBody), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<string> ReadAsync(StreamReader reader, int length)
    {
        var text = new char[length];
        return new string(text, 0, await reader.ReadBlockAsync(text));
    }
}
