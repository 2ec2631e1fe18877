using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>Servers that are told to stop, and callers that are interrupted.</summary>
public class StopTests
{
    private static readonly TimeSpan Slowly = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(RunningProgram.SigTerm)]
    [InlineData(RunningProgram.SigInt)]
    public async Task A_server_that_is_told_to_stop_lets_a_running_stream_end_and_exits_with_0(int signal)
    {
        await using var house = await House.BuildAsync(Slowly);
        var server = await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        using var watch = new ModelService.ModelServiceClient(channel).WatchStatus(new WatchStatusRequest());
        var complete = house.Claw("complete", "Hello");
        await complete.LineWithAsync("You said");
        Assert.Equal(Outcome.Open, house.Sandbox.Requests.Single().Outcome);
        server.Signal(signal);

        var stopping = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
                // What was told before.
            }
        });
        Assert.Equal(StatusCode.Unavailable, stopping.StatusCode);
        Assert.Equal(0, await complete.ExitAsync());
        Assert.EndsWith("this is where it ends.\n", complete.Out, StringComparison.Ordinal);
        Assert.Equal(0, await server.ExitAsync());
        Assert.EndsWith("clawgrpc stopped\n", server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_claw_cancels_upstream_and_exits_with_130()
    {
        await using var house = await House.BuildAsync();
        await house.ServeAsync();
        using var channel = house.Connect();
        await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
        house.Sandbox.Script(Faults.Stall(6));
        var complete = house.Claw("complete", "Hello");
        await complete.LineWithAsync("You said");
        complete.Signal(RunningProgram.SigInt);
        Assert.Equal(130, await complete.ExitAsync());
        Assert.Single(await house.Sandbox.WaitForAbortsAsync(1));
    }

    [Fact]
    public async Task Cooldowns_still_stand_after_a_restart()
    {
        await using var house = await House.BuildAsync();
        var server = await house.ServeAsync();
        using (var channel = house.Connect())
        {
            await House.OnboardAsync(channel, "anthropic:one", House.KeyOne);
            await House.OnboardAsync(channel, "anthropic:two", House.KeyTwo);
        }

        house.Sandbox.Script(Faults.Status(429, retryAfter: "3600").ForKey(House.KeyOne));
        await house.ClawAsync("complete", "Hello", "--model", "claude-opus-4-6");
        var before = await UnusableAsync(house);
        Assert.Equal("anthropic:one", before.ProfileId);
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());

        await house.ServeAsync();
        Assert.Equal(before, await UnusableAsync(house));
        house.Sandbox.ClearRequests();
        await house.ClawAsync("complete", "Hello");
        Assert.Equal(House.KeyTwo, house.Sandbox.Requests.Single().Credential);
    }

    private static async Task<UnusableProfile> UnusableAsync(House house)
    {
        using var channel = house.Connect();
        var status = await new ModelService.ModelServiceClient(channel).GetStatusAsync(new GetStatusRequest());
        return Assert.Single(status.Status.Auth.UnusableProfiles);
    }
}
