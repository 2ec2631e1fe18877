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
    public async Task A_cancelled_call_ends_as_cancelled_on_both_sides()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        using var cancel = new CancellationTokenSource();

        using var call = new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "wait" }, cancellationToken: cancel.Token);
        await host.View.NextCall();
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await host.View.CallerLeft();
    }

    [Fact]
    public async Task A_deadline_ends_the_call_on_both_sides_and_is_known_to_the_server()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Tcp();
        var deadline = DateTime.UtcNow.AddMilliseconds(500);

        using var call = new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "wait" }, deadline: deadline);
        var seen = await host.View.NextCall();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.InRange(seen.Deadline, deadline.AddSeconds(-1), deadline.AddSeconds(5));
        await host.View.CallerLeft();
    }
}
