using Grpc.Core;

namespace ClawGrpc.Contracts.Tests;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_unary_call_is_answered(string transport)
    {
        await using var host = await EchoHost.Start();
        using var channel = transport == "tcp" ? host.Tcp() : host.Unix();

        var answer = await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "hello" });

        Assert.Equal("hello", answer.Text);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_stream_arrives_in_order_and_whole(string transport)
    {
        await using var host = await EchoHost.Start();
        using var channel = transport == "tcp" ? host.Tcp() : host.Unix();

        using var call = new Echo.EchoClient(channel).Many(new EchoRequest { Text = "n", Times = 1000 });
        var texts = new List<string>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync())
            texts.Add(answer.Text);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"n {i}"), texts);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Many_requests_are_answered_once()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        using var call = new Echo.EchoClient(channel).Collect();
        foreach (var text in new[] { "a", "b", "c" })
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text });
        await call.RequestStream.CompleteAsync();

        Assert.Equal("a b c", (await call).Text);
    }

    [Fact]
    public async Task Each_request_is_answered_before_the_next_is_sent()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        using var call = new Echo.EchoClient(channel).Each();
        foreach (var text in new[] { "ping", "pong" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(text, call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task A_blocking_call_is_answered()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Tcp();

        Assert.Equal("hello", new Echo.EchoClient(channel).Once(new EchoRequest { Text = "hello" }).Text);
    }
}
