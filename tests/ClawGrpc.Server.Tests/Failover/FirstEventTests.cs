using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>
/// Upstream that says nothing. The clock is moved over the time it has for its first content, which no other wait here is as
/// long as.
/// </summary>
public class FirstEventTests
{
    private const string FirstEvent = "clawgrpc: { timeouts: { firstEventSeconds: 45 } }";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    public static TheoryData<string> Stalls => ["before headers", "after headers", "after message_start"];

    [Theory]
    [MemberData(nameof(Stalls))]
    public async Task Route_that_stalls_before_content_is_replaced_and_cools_down(string stall)
    {
        await using var fixture = await WithTwoKeysAsync(FirstEvent);
        fixture.Sandbox.Script(FaultOf(stall).ForKey(KeyOne));
        var answer = fixture.StreamAsync();
        await LosePatienceAsync(fixture, 1);
        Assert.Equal($"{One} failed TimedOut 0, {Two} served", (await answer).Attempts);
        Assert.Equal($"{One} cooldown timeout, anthropic/claude-opus-4-6, 60 s", await fixture.UnusableAsync());
        Assert.Equal(KeyOne, Assert.Single(await fixture.Sandbox.WaitForAbortsAsync(1)).Credential);
    }

    [Fact]
    public async Task A_second_time_out_sets_aside_for_no_longer_than_the_first()
    {
        await using var fixture = await WithTwoKeysAsync(FirstEvent);
        fixture.Sandbox.Script(Faults.StallBeforeHeaders().ForKey(KeyOne).Times(2));
        foreach (var requests in new[] { 1, 3 })
        {
            var answer = fixture.StreamAsync();
            await LosePatienceAsync(fixture, requests);
            Assert.Equal($"{One} failed TimedOut 0, {Two} served", (await answer).Attempts);
            Assert.Equal($"{One} cooldown timeout, anthropic/claude-opus-4-6, 60 s", await fixture.UnusableAsync());
            fixture.Time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task When_every_route_stalls_the_call_has_timed_out()
    {
        await using var fixture = await WithTwoKeysAsync(FirstEvent);
        fixture.Sandbox.Script(Faults.StallBeforeHeaders().Forever());
        var call = fixture.CompleteAsync();
        await LosePatienceAsync(fixture, 1);
        await LosePatienceAsync(fixture, 2);
        var answer = await call;
        Assert.Equal((StatusCode.Unavailable, "TIMED_OUT"), (answer.Failed.Code, answer.Failed.Reason));
        Assert.Equal("first_event", answer.Failed.Facts["phase"]);
        Assert.Equal($"{One} failed TimedOut 0, {Two} failed TimedOut 0", answer.Attempts);
    }

    private static async Task LosePatienceAsync(ServerFixture fixture, int requests)
    {
        await fixture.Sandbox.WaitForRequestsAsync(requests);
        await fixture.Time.PassAsync(Patience, Patience);
    }

    private static Fault FaultOf(string stall) => stall switch
    {
        "before headers" => Faults.StallBeforeHeaders(),
        "after headers" => Faults.Stall(0),
        _ => Faults.Stall(1),
    };
}
