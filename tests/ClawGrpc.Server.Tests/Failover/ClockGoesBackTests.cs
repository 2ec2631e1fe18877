using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>The machine's clock goes back by a day: a cooldown of minutes does not become one of a day.</summary>
public class ClockGoesBackTests
{
    [Theory]
    [InlineData(429)]
    [InlineData(402)]
    public async Task Clock_that_goes_back_ends_what_was_set_aside(int status)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        fixture.Sandbox.Script(Faults.Status(status));
        await fixture.StreamAsync();
        Assert.Single((await fixture.StatusAsync()).Auth.UnusableProfiles);
        await fixture.HealthWrittenAsync();

        GoBack(fixture);
        Assert.Empty((await fixture.StatusAsync()).Auth.UnusableProfiles);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);

        // What fails now is set aside again, from now on.
        fixture.Sandbox.Script(Faults.Status(status));
        await fixture.StreamAsync();
        var aside = Assert.Single((await fixture.StatusAsync()).Auth.UnusableProfiles);
        Assert.InRange(
            aside.RecoverTime.ToDateTimeOffset(), fixture.Time.GetUtcNow(), fixture.Time.GetUtcNow().AddHours(24));
    }

    [Fact]
    public async Task Server_that_starts_by_an_earlier_clock_reads_no_long_cooldown()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        await fixture.StopServerAsync();
        GoBack(fixture);
        await fixture.StartServerAsync();
        Assert.Empty((await fixture.StatusAsync()).Auth.UnusableProfiles);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Outcomes_count_although_a_credential_was_replaced_tomorrow()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(One, KeyTwo);
        GoBack(fixture);
        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        Assert.Single((await fixture.StatusAsync()).Auth.UnusableProfiles);
    }

    [Fact]
    public async Task Session_pin_does_not_outlive_its_hour()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await fixture.StreamAsync(Prompts.Input(with: input => input.SessionId = "session"));
        GoBack(fixture);
        fixture.Time.Advance(TimeSpan.FromMinutes(61));
        var answer = await fixture.StreamAsync(Prompts.Input(with: input => input.SessionId = "session"));
        Assert.Equal($"{One} served", answer.Attempts);
    }

    private static void GoBack(ServerFixture fixture) => fixture.Time.GoBack(TimeSpan.FromDays(1));
}
