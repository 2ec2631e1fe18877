using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Completions;

public class ConnectionTests
{
    private const int Streams = 30;

    [Fact]
    public async Task Complete_stream_leaves_its_connection_for_reuse()
    {
        // In its bench mode the sandbox sends the end of a body behind the last event and not along with it.
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { Bench = true });
        await fixture.OnboardAsync();
        for (var stream = 0; stream < Streams; stream++)
            Assert.Null((await fixture.StreamAsync()).Failure);

        // A request may come while the end of the body before it is still under way, and then takes a connection of its own.
        Assert.InRange(fixture.Sandbox.ConnectionsMade, 1, Streams / 3);
    }

    [Fact]
    public async Task Connection_that_was_closed_while_it_rested_costs_no_call()
    {
        // A peer that takes the second request of each connection and closes it without a word.
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            if (request.OnConnection > 1)
                throw new IOException("The connection had been closed.");
            var body = request.Head.StartsWith("GET", StringComparison.Ordinal)
                ? """{"data":[],"has_more":false}"""
                : request.Head.Contains("count_tokens", StringComparison.Ordinal)
                    ? """{"input_tokens":17}"""
                    : """{"type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}""";
            var head = $"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head + body));
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        for (var call = 0; call < 5; call++)
        {
            Assert.Equal($"{Credentials.One} served", (await fixture.StreamAsync()).Attempts);
            Assert.Equal($"{Credentials.One} served", (await fixture.CompleteAsync()).Attempts);
            var count = await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = Prompts.Input() });
            Assert.Equal(17, count.InputTokens);
            Assert.Empty((await fixture.Models.ListModelsAsync(new ListModelsRequest())).UpstreamProblem);
            fixture.Time.Advance(TimeSpan.FromMinutes(11));
        }
    }

    [Fact]
    public async Task Connection_that_breaks_behind_the_head_is_not_repeated()
    {
        await using var upstream = RawUpstream.Of("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"u8.ToArray());
        await using var fixture = await ServerFixture.StartAsync(upstream);
        Assert.Equal($"{Credentials.One} failed ServerError 200", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(1, upstream.Requests);
    }
}
