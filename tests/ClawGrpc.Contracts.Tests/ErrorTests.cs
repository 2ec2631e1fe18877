using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Contracts.Tests;

public sealed class ErrorTests
{
    [Fact]
    public async Task A_failure_brings_its_code_its_text_and_its_trailers()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        using var call = new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "fail" });
        var error = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal("not yet: ½", error.Status.Detail);
        Assert.Equal("because", error.Trailers.GetValue("why"));
        Assert.Equal([0, 255, 7], error.Trailers.GetValueBytes("proof-bin"));
        Assert.Equal(StatusCode.FailedPrecondition, call.GetStatus().StatusCode);
        Assert.Equal("because", call.GetTrailers().GetValue("why"));
    }

    [Fact]
    public async Task A_stream_that_breaks_off_delivers_what_came_before()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        using var call = new Echo.EchoClient(channel).Many(new EchoRequest { Text = "fail", Times = 3 });
        var texts = new List<string>();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (var answer in call.ResponseStream.ReadAllAsync())
                texts.Add(answer.Text);
        });

        Assert.Equal(["fail 0", "fail 1", "fail 2"], texts);
        Assert.Equal(StatusCode.Aborted, error.StatusCode);
        Assert.Equal("3", error.Trailers.GetValue("sent"));
    }

    [Fact]
    public async Task A_status_that_is_set_and_not_thrown_is_an_error_too()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "status" }));

        Assert.Equal(new Status(StatusCode.NotFound, "set, not thrown"), error.Status);
    }

    [Fact]
    public async Task An_exception_of_the_server_is_unknown_and_keeps_its_message()
    {
        await using var host = await EchoHost.Start();
        using var channel = host.Unix();

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "throw" }));

        Assert.Equal(StatusCode.Unknown, error.StatusCode);
        Assert.DoesNotContain("not for callers", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable_with_the_cause_at_hand()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(channel).OnceAsync(new EchoRequest { Text = "hello" }));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.NotNull(error.Status.DebugException);
        Assert.Same(error.Status.DebugException, error.InnerException);
    }

    [Fact]
    public void The_message_of_an_exception_is_its_status_unless_one_is_given()
    {
        var status = new Status(StatusCode.NotFound, "no such thing");

        Assert.Equal("Status(StatusCode=\"NotFound\", Detail=\"no such thing\")", new RpcException(status).Message);
        Assert.Equal("own words", new RpcException(status, "own words").Message);
        Assert.Same(Metadata.Empty, new RpcException(status).Trailers);
    }

    [Fact]
    public void A_client_without_a_channel_refuses_every_call() =>
        Assert.Throws<NotImplementedException>(() => new Disconnected().Once(new EchoRequest()));

    private sealed class Disconnected : Echo.EchoClient;
}
