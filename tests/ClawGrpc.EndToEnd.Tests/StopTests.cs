using System.Diagnostics;
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
    public async Task Stopping_server_finishes_a_running_stream_and_exits_with_0(int signal)
    {
        // Upstream answers as fast as its clock is moved, so that the stream is not over before the signal.
        var time = new ManualTimeProvider();
        await using var fixture = await ProcessFixture.BuildAsync(Slowly, time);
        var server = await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        using var watch = new ModelService.ModelServiceClient(channel).WatchStatus(new WatchStatusRequest());
        var complete = fixture.Claw("complete", "Hello");
        for (var events = 1; events < 6; events++)
            await time.PassAsync(Slowly, Slowly);
        await complete.LineWithAsync("You said");
        Assert.Equal(Outcome.Open, fixture.Sandbox.Requests.Single().Outcome);
        server.Signal(signal);

        var stopping = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await watch.ResponseStream.MoveNext(CancellationToken.None))
            {
                // What was told before.
            }
        });
        Assert.Equal(StatusCode.Unavailable, stopping.StatusCode);
        Assert.Equal(0, await time.PassUntilAsync(complete.ExitAsync(), Slowly, Slowly));
        Assert.EndsWith("this is where it ends.\n", complete.Out, StringComparison.Ordinal);
        Assert.Equal(0, await server.ExitAsync());
        Assert.EndsWith("clawgrpc stopped\n", server.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("pipe")]
    [InlineData("upstream")]
    public async Task Stop_takes_no_longer_than_its_bound(string what)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        using (var channel = fixture.Connect())
            await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        if (what == "lock")
        {
            // Health that cannot be written.
            Directory.CreateDirectory(Path.Join(fixture.ProfilesPath + ".lock", "inside"));
            await fixture.ClawAsync("complete", "Hello");
        }
        else if (what == "pipe")
        {
            await fixture.ClawAsync("complete", "Hello");
            File.Delete(fixture.ProfilesPath);
            using var mkfifo = Process.Start("mkfifo", [fixture.ProfilesPath]);
            await mkfifo.WaitForExitAsync();
        }
        else
        {
            fixture.Sandbox.Script(Faults.Stall(6).Forever());
            await fixture.Claw("complete", "Hello").LineWithAsync("You said");
        }

        var start = TimeProvider.System.GetTimestamp();
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(11));
    }

    [Theory]
    [InlineData(RunningProgram.SigTerm, RunningProgram.SigTerm, 143)]
    [InlineData(RunningProgram.SigTerm, RunningProgram.SigInt, 130)]
    public async Task A_second_signal_ends_at_once(int first, int second, int code)
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        using (var channel = fixture.Connect())
            await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        fixture.Sandbox.Script(Faults.Stall(6).Forever());
        await fixture.Claw("complete", "Hello").LineWithAsync("You said");
        server.Signal(first);

        // Two signals of one kind that come together are one.
        await UntilAsync(async () => await fixture.Claw("models", "status").ExitAsync() != 0);
        var start = TimeProvider.System.GetTimestamp();
        server.Signal(second);
        Assert.Equal(code, await server.ExitAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [NeedsHangupFact]
    public async Task Hangup_reloads_the_configuration_and_stops_nothing()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        await fixture.ConfigureAsync("{ agents: { defaults: { model: 'anthropic/claude-sonnet-4-6' } } }");
        server.Signal(RunningProgram.SigHup);
        await UntilAsync(async () =>
            (await fixture.ClawAsync("models", "status")).Contains("sonnet-4-6", StringComparison.Ordinal));
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());
    }

    [Fact]
    public async Task An_interrupted_claw_cancels_upstream_and_exits_with_130()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        await fixture.ServeAsync();
        using var channel = fixture.Connect();
        await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
        fixture.Sandbox.Script(Faults.Stall(6));
        var complete = fixture.Claw("complete", "Hello");
        await complete.LineWithAsync("You said");
        complete.Signal(RunningProgram.SigInt);
        Assert.Equal(130, await complete.ExitAsync());
        Assert.Single(await fixture.Sandbox.WaitForAbortsAsync(1));
    }

    [Fact]
    public async Task Cooldowns_still_stand_after_a_restart()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        using (var channel = fixture.Connect())
        {
            await ProcessFixture.OnboardAsync(channel, "anthropic:one", ProcessFixture.KeyOne);
            await ProcessFixture.OnboardAsync(channel, "anthropic:two", ProcessFixture.KeyTwo);
        }

        fixture.Sandbox.Script(Faults.Status(429, retryAfter: "3600").ForKey(ProcessFixture.KeyOne));
        await fixture.ClawAsync("complete", "Hello", "--model", "claude-opus-4-6");
        var before = await UnusableAsync(fixture);
        Assert.Equal("anthropic:one", before.ProfileId);
        server.Signal(RunningProgram.SigTerm);
        Assert.Equal(0, await server.ExitAsync());

        await fixture.ServeAsync();
        Assert.Equal(before, await UnusableAsync(fixture));
        fixture.Sandbox.ClearRequests();
        await fixture.ClawAsync("complete", "Hello");
        Assert.Equal(ProcessFixture.KeyTwo, fixture.Sandbox.Requests.Single().Credential);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It did not come to hold.");
    }

    private static async Task<UnusableProfile> UnusableAsync(ProcessFixture fixture)
    {
        using var channel = fixture.Connect();
        var status = await new ModelService.ModelServiceClient(channel).GetStatusAsync(new GetStatusRequest());
        return Assert.Single(status.Status.Auth.UnusableProfiles);
    }
}
