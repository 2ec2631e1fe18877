using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Cooldowns from failure to recovery: on the ladder, on disk, over restarts.</summary>
public class CooldownTests
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private static readonly TimeSpan UpstreamPause = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData("", 60, 300, 1500, 3600, 3600)]
    [InlineData("""auth: { cooldowns: { preset: "openclaw-2026.9" } }""", 30, 60, 300, 300, 300)]
    public async Task Each_failure_sets_aside_for_the_next_step_of_the_ladder(string more, params int[] steps)
    {
        await using var fixture = await ServerFixture.StartAsync(more);
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429).Forever());
        foreach (var seconds in steps)
        {
            var failed = (await fixture.StreamAsync()).Failed;
            Assert.Equal(("RATE_LIMITED", TimeSpan.FromSeconds(seconds)), (failed.Reason, failed.RetryDelay));
            fixture.Time.Advance(TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal(steps.Length, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task A_success_takes_the_ladder_back_to_its_first_step()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            fixture.Sandbox.Script(Faults.Status(429));
            Assert.Equal(TimeSpan.FromMinutes(1), (await fixture.StreamAsync()).Failed.RetryDelay);
            fixture.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
            Assert.Equal(0, (await fixture.StatusAsync()).Auth.Profiles[0].ErrorCount);
        }
    }

    [Fact]
    public async Task While_all_cool_down_the_error_gives_the_soonest_recovery()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(
            Faults.Status(429, retryAfter: "100").ForKey(KeyOne), Faults.Status(429, retryAfter: "70").ForKey(KeyTwo));
        await fixture.StreamAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        var answer = await fixture.StreamAsync();
        Assert.Equal((StatusCode.ResourceExhausted, "ALL_PROFILES_UNAVAILABLE"), (answer.Failed.Code, answer.Failed.Reason));
        Assert.StartsWith("No available auth profile for anthropic (all in cooldown or unavailable).", answer.Failed.Message,
            StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(60), answer.Failed.RetryDelay);
        Assert.Equal(("main", "2026-11-20T12:01:10Z"), (answer.Failed.Facts["agent_id"], answer.Failed.Facts["soonest"]));
        Assert.Equal($"{Two} skipped, {One} skipped", answer.Attempts);
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
        fixture.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal($"{Two} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task No_retry_time_is_given_if_no_route_recovers_by_itself()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(401));
        await fixture.StreamAsync();
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(
            (StatusCode.FailedPrecondition, "ALL_PROFILES_UNAVAILABLE", null), (failed.Code, failed.Reason, failed.RetryDelay));
    }

    [Theory]
    [InlineData("onboard")]
    [InlineData("reset")]
    public async Task Rejected_credential_stays_disabled_until_replaced_or_reset(string what)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(401));
        await fixture.StreamAsync();
        fixture.Time.Advance(TimeSpan.FromHours(12));
        Assert.Equal($"{One} disabled auth, all models, for good", await fixture.UnusableAsync());
        if (what == "onboard")
            await fixture.OnboardAsync(key: KeyTwo);
        else
            await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One });
        Assert.Equal("", await fixture.UnusableAsync());
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Concurrent_failures_are_one_burst_and_count_once()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script((Faults.Slow(beforeHeadersMs: 20) with { Status = new() { Code = 429 } }).Forever());
        var start = fixture.Time.GetUtcNow();
        var calls = Enumerable.Range(0, 5).Select(_ => fixture.StreamAsync()).ToList();
        await fixture.Sandbox.WaitForRequestsAsync(5);
        var answers = await fixture.Time.PassUntilAsync(Task.WhenAll(calls), UpstreamPause, UpstreamPause);
        Assert.All(answers, answer => Assert.Equal("RATE_LIMITED", answer.Failed.Reason));
        var auth = (await fixture.StatusAsync()).Auth;
        Assert.Equal(1, auth.Profiles[0].ErrorCount);
        Assert.Equal(
            start + UpstreamPause + TimeSpan.FromMinutes(1), auth.UnusableProfiles.Single().RecoverTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task Success_that_began_before_the_failure_keeps_the_cooldown()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Slow(beforeHeadersMs: 20), Faults.Status(429));
        var slow = fixture.StreamAsync();
        await fixture.Time.WaitForTimerAsync(UpstreamPause, UpstreamPause);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal($"{One} failed RateLimited 429, {Two} served", (await fixture.StreamAsync()).Attempts);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(15));
        Assert.Equal($"{One} served", (await slow).Attempts);
        Assert.Equal($"{One} cooldown rate_limit, {Opus}, 59.985 s", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task Failure_of_replaced_key_does_not_affect_the_new_key()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Slow(beforeHeadersMs: 20) with { Status = new() { Code = 401 } });
        var old = fixture.StreamAsync();
        await fixture.Time.WaitForTimerAsync(UpstreamPause, UpstreamPause);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(5));
        await fixture.OnboardAsync(key: KeyTwo);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(15));
        Assert.Equal("CREDENTIAL_REJECTED", (await old).Failed.Reason);
        Assert.Equal("", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task One_model_is_set_aside_and_the_others_of_the_profile_serve()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        var other = await fixture.StreamAsync(Prompts.Input(with: input => input.Model = "anthropic/claude-sonnet-4-6"));
        Assert.Equal("anthropic/claude-sonnet-4-6", other.Served.Model);
    }
}
