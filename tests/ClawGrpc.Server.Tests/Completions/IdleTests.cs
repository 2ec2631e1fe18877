using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>What keeps an answer alive: events, and neither pings nor comments nor parts of an event.</summary>
public class IdleTests
{
    private const string Idle = "clawgrpc: { timeouts: { idleSeconds: 10 } }";

    private const string Beginning = """
        HTTP/1.1 200 OK
        content-type: text/event-stream

        data: {"type":"message_start","message":{"type":"message","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}

        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


        """;

    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Part = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("event: ping\ndata: {\"type\":\"ping\"}\n\n")]
    [InlineData(": still here\n\n")]
    [InlineData(":")]
    [InlineData("d")]
    public async Task Answer_without_an_event_that_counts_is_interrupted(string sign)
    {
        var pieces = new Pieces(Beginning);
        await using var upstream = new RawUpstream(pieces.SendAsync);
        await using var fixture = await ServerFixture.StartAsync(upstream, Idle);
        using var call = fixture.OpenStream();

        // Each event begins the time anew: both of the beginning are read before it passes.
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        for (var left = Whole; left > TimeSpan.Zero; left -= Part)
        {
            await fixture.Time.WaitForTimerAsync(left, left);
            fixture.Time.Advance(left < Part ? left : Part);
            if (left > Part)
                pieces.Send(sign);
        }

        var failed = await CallFailure.OfAsync(() => call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("INTERRUPTED", failed.Reason);
        Assert.Equal("The answer was interrupted: no event came for 10 s.", failed.Message);
    }

    [Theory]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}""")]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"novel_delta","novel":1}}""")]
    [InlineData("""data: {"type":"novel_event"}""")]
    public async Task Every_other_event_keeps_an_answer_alive(string sign)
    {
        var pieces = new Pieces(Beginning);
        await using var upstream = new RawUpstream(pieces.SendAsync);
        await using var fixture = await ServerFixture.StartAsync(upstream, Idle);
        using var call = fixture.OpenStream();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        for (var step = 0; step < 6; step++)
        {
            await fixture.Time.WaitForTimerAsync(Whole, Whole);
            fixture.Time.Advance(Part);
            pieces.Send($"{sign}\n\n");
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        }

        pieces.Send("""data: {"type":"message_stop"}""" + "\n\n");
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.NotNull(call.ResponseStream.Current.Finished);
    }

    /// <summary>Pieces of an answer that a test sends one by one.</summary>
    private sealed class Pieces(string first)
    {
        private readonly Channel<string> _pieces = Channel.CreateUnbounded<string>();

        public void Send(string piece) => _pieces.Writer.TryWrite(piece);

        public async Task SendAsync(RawRequest request, NetworkStream stream)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(first.ReplaceLineEndings("\r\n")));
            await foreach (var piece in _pieces.Reader.ReadAllAsync(request.Closed))
                await stream.WriteAsync(Encoding.UTF8.GetBytes(piece));
        }
    }
}
