using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>A plan asks no token endpoint and waits for none.</summary>
public class PlannedLoginTests
{
    [Fact]
    public async Task Plan_uses_the_stored_token_of_a_login_due_for_refresh()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromSeconds(-1));
        fixture.Sandbox.Script(Login.Slow);
        for (var count = 0; count < 3; count++)
        {
            var plan = (await fixture.Models.PlanCompletionAsync(
                new PlanCompletionRequest { Input = Prompts.Input() })).Receipt;
            var attempt = Assert.Single(plan.Attempts);
            Assert.Equal((One, AttemptOutcome.Planned, "the login would be refreshed first"),
                (attempt.ProfileId, attempt.Outcome, attempt.Message));
            Assert.Equal("Bearer sk-ant-o...00000001", plan.Sent.Headers.Single(header => header.Name == "authorization").Value);
        }

        // The server began one by itself, before a call needs it.
        await fixture.AskedAsync(1);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Single(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Plan_skips_a_login_that_cannot_be_refreshed()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromSeconds(-1), withKey: true, configured: false);
        var plan = (await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = Prompts.Input() })).Receipt;
        var receipt = (await fixture.StreamAsync()).Served;
        Assert.Equal([AttemptOutcome.Skipped, AttemptOutcome.Planned], plan.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal((receipt.Attempts[0], Two), (plan.Attempts[0], plan.ProfileId));
    }
}
