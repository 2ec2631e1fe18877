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

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Silence_after_the_beginning_is_filled_with_pings()
    {
        var goOn = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head + Beginning), request.Closed);
            await goOn.Task.WaitAsync(request.Closed);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(End), request.Closed);
            throw new IOException("The answer is over.");
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var reader = await OpenAsync(fixture);
        Assert.Equal(Beginning, await ReadAsync(reader, Beginning.Length));
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var reading = ReadAsync(reader, Ping.Length);
            Assert.Equal(Ping, await PassToAsync(fixture, reading, Quiet));
        }

        goOn.SetResult();
        Assert.Equal(End, (await reader.ReadToEndAsync()).Replace(Ping, "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Silence_before_the_beginning_gets_a_head_and_comments()
    {
        var goOn = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            await goOn.Task.WaitAsync(request.Closed);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Head + Beginning + End), request.Closed);
            throw new IOException("The answer is over.");
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var opening = OpenAsync(fixture);
        var reader = await PassToAsync(fixture, opening, Quiet);
        const string comment = ": waiting\n\n";
        Assert.Equal(comment, await ReadAsync(reader, comment.Length));
        var next = ReadAsync(reader, comment.Length);
        Assert.Equal(comment, await PassToAsync(fixture, next, TimeSpan.FromSeconds(10)));
        goOn.SetResult();
        Assert.Equal(Beginning + End, (await reader.ReadToEndAsync()).Replace(comment, "", StringComparison.Ordinal));
    }

    // A wait that is over already may be seen once more: then the next one counts.
    private static async Task<T> PassToAsync<T>(ServerFixture fixture, Task<T> sign, TimeSpan wait)
    {
        while (!sign.IsCompleted)
        {
            await fixture.Time.PassAsync(wait, wait);
            await Task.WhenAny(sign, Task.Delay(TimeSpan.FromSeconds(5)));
        }

        return await sign;
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
