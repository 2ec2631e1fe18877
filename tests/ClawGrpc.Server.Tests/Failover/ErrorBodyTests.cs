using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Errors whose body stalls or breaks off: status and headers decide, and what came of the body.</summary>
public class ErrorBodyTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public async Task Plan_with_a_stalled_body_is_aside_until_its_reset(int bytes)
    {
        await using var fixture = await WithTwoKeysAsync();
        var reset = fixture.Time.GetUtcNow().AddHours(3);
        fixture.Sandbox.Script((Faults.PlanExhausted(reset) with { Stall = new(AfterBytes: bytes) }).ForKey(KeyOne));
        var answer = fixture.StreamAsync();
        await fixture.Time.PassAsync(Wait, Wait);
        Assert.Equal($"{One} failed PlanExhausted 429, {Two} served", (await answer).Attempts);
        Assert.Equal($"{One} cooldown rate_limit, all models, 10798 s", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task Stalled_body_gets_its_time_when_the_first_event_is_due()
    {
        await using var fixture = await WithTwoKeysAsync("clawgrpc: { timeouts: { firstEventSeconds: 1 } }");
        fixture.Sandbox.Script((Faults.Status(401) with { Stall = new(AfterBytes: 5) }).ForKey(KeyOne));
        var answer = fixture.StreamAsync();
        await fixture.Time.PassAsync(Wait, Wait);
        Assert.Equal($"{One} failed CredentialRejected 401, {Two} served", (await answer).Attempts);
    }

    [Theory]
    [InlineData(402, "Billing")]
    [InlineData(401, "CredentialRejected")]
    [InlineData(429, "RateLimited")]
    public async Task Body_that_breaks_off_leaves_the_status_its_meaning(int status, string kind)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script((Faults.Status(status) with { Cut = new(AfterBytes: 10) }).ForKey(KeyOne));
        Assert.Equal($"{One} failed {kind} {status}, {Two} served", (await fixture.StreamAsync()).Attempts);
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"x","message":"This organization has been disabled."},"req""")]
    [InlineData("""{"type":"error","error":{"type":"x","message":"This organization has been disabled""")]
    public async Task Beginning_of_a_body_says_what_it_means(string came)
    {
        await using var fixture = await WithTwoKeysAsync();
        var fault = new Fault { Status = new() { Code = 400, Text = $"{came} rest" }, Cut = new(AfterBytes: came.Length) };
        fixture.Sandbox.Script(fault.ForKey(KeyOne));
        Assert.Equal($"{One} failed AccountRefused 400, {Two} served", (await fixture.StreamAsync()).Attempts);
    }
}
