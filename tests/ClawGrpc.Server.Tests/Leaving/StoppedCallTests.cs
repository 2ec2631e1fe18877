using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Leaving;

/// <summary>A stop cuts calls that do not end by themselves, and says that it did.</summary>
public class StoppedCallTests
{
    [Theory]
    [InlineData("stream", 0)]
    [InlineData("unary", 0)]
    [InlineData("unary", 6)]
    public async Task Request_over_HTTP_that_is_cut_by_a_stop_says_so(string what, int stallAt)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(stallAt).Forever());
        var call = fixture.AskAsync(Face.Http, stream: what == "stream");
        await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Sandbox.Requests.Count == 1));
        var stop = fixture.StopServerAsync();
        var answer = await fixture.Time.PassUntilAsync(call, TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(6));
        await stop;
        Assert.Equal(("503 api_error", "1"), (answer.End, answer.Headers["retry-after"]));
    }

    [Fact]
    public async Task Answer_over_HTTP_that_is_cut_by_a_stop_ends_with_an_error()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(6).Forever());
        using var answer = fixture.Open(Face.Http);
        await answer.ReadTextAsync("You said “Hello”.");
        var stop = fixture.StopServerAsync();
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(6));
        await answer.ReadToEndAsync();
        Assert.Equal("error event", answer.End);
        await stop;
    }

    [Theory]
    [InlineData("stream", 0)]
    [InlineData("stream", 6)]
    [InlineData("unary", 0)]
    [InlineData("unary", 6)]
    public async Task Call_that_is_cut_by_a_stop_says_so(string what, int stallAt)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(stallAt).Forever());
        var call = CallFailure.OfAsync(async () =>
        {
            if (what == "unary")
            {
                await fixture.Models.CompleteAsync(new CompleteRequest { Input = Prompts.Input() });
                return;
            }

            using var stream = fixture.OpenStream();
            while (await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                // Read to its end.
            }
        });
        await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Sandbox.Requests.Count == 1));
        var stop = fixture.StopServerAsync();
        var failure = await fixture.Time.PassUntilAsync(call, TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(6));
        Assert.Equal((StatusCode.Unavailable, "STOPPING"), (failure.Code, failure.Reason));
        Assert.NotNull(failure.RetryDelay);
        await stop;
    }
}
