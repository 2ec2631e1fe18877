using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Contracts.Tests;

public sealed class EndOfCallTests
{
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
        var client = new Echo.EchoClient(channel);
        await client.OnceAsync(new EchoRequest()); // The connection stands before the clock starts.
        await host.View.NextCall();
        var deadline = DateTime.UtcNow.AddSeconds(1);

        using var call = client.OnceAsync(new EchoRequest { Text = "wait" }, deadline: deadline);
        var seen = await host.View.NextCall();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.InRange(seen.Deadline, deadline.AddSeconds(-1), deadline.AddSeconds(5));
        await host.View.CallerLeft();
    }

    [Fact]
    public async Task A_stream_that_is_disposed_tells_the_server_that_its_caller_left()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        using (var call = new Echo.EchoClient(channel).Many(new EchoRequest { Text = "wait", Times = 1 }))
            Assert.True(await call.ResponseStream.MoveNext());

        await host.View.CallerLeft();
    }

    [Fact]
    public async Task A_stream_read_with_a_cancelled_token_ends_as_cancelled()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();
        using var cancel = new CancellationTokenSource();

        using var call = new Echo.EchoClient(channel).Many(new EchoRequest { Text = "wait", Times = 1 });
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (var _ in call.ResponseStream.ReadAllAsync(cancel.Token))
                await cancel.CancelAsync();
        });

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        await host.View.CallerLeft();
    }

    [Fact]
    public async Task A_cancelled_call_throws_what_NET_expects_when_the_channel_says_so()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Tcp(new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true });
        using var cancel = new CancellationTokenSource();

        using var call = new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "wait" }, cancellationToken: cancel.Token);
        await host.View.NextCall();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await call);
    }
}
