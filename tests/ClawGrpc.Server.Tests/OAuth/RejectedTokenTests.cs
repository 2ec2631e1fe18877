using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>Upstream refuses an access token before its end: one refresh, one more try, before the commit only.</summary>
public class RejectedTokenTests
{
    private static readonly TimeSpan Good = TimeSpan.FromHours(4);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refused_token_is_refreshed_and_the_route_tried_once_more(bool stream)
    {
        await using var fixture = await Login.StartAsync(Good, withKey: true);
        fixture.Sandbox.Script(Faults.Status(401).ForKey(Login.Access).Forever());
        var answer = await fixture.AskAsync(stream);
        Assert.Equal($"{One} failed CredentialRejected 401, {One} served", answer.Attempts);
        Assert.EndsWith(" The token was refreshed.", answer.Served.Attempts[0].Message, StringComparison.Ordinal);
        Assert.Equal([Login.Access, fixture.Stored("access")], fixture.Used());
        Assert.Single(fixture.Grants());
        Assert.Equal("", await fixture.UnusableAsync());
        Assert.Equal($"{One} served", (await fixture.AskAsync(stream)).Attempts);
    }

    [Fact]
    public async Task Concurrent_rejected_tokens_share_one_refresh()
    {
        await using var fixture = await Login.StartAsync(Good);
        fixture.Sandbox.Script(Faults.Status(401).ForKey(Login.Access).Forever(), Login.Slow);
        var calls = Enumerable.Range(0, 50).Select(_ => fixture.StreamAsync()).ToList();
        await fixture.AskedAsync(1);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.All(
            await Task.WhenAll(calls), answer => Assert.EndsWith($"{One} served", answer.Attempts, StringComparison.Ordinal));
        Assert.Single(fixture.Grants());
        Assert.Equal("", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task When_the_new_token_is_refused_too_the_credential_is()
    {
        await using var fixture = await Login.StartAsync(Good, withKey: true);
        fixture.Sandbox.Script(Faults.Status(401).For(new FaultMatch { KeyPrefix = "sk-ant-oat01-" }).Forever());
        Assert.Equal($"{One} failed CredentialRejected 401, {One} failed CredentialRejected 401, {Two} served",
            (await fixture.StreamAsync()).Attempts);
        Assert.Equal($"{One} disabled auth, all models, for good", await fixture.UnusableAsync());
        Assert.Equal($"{Two} served", (await fixture.StreamAsync()).Attempts);

        // Also for those who insist on it: not one refresh for each call.
        for (var again = 0; again < 3; again++)
        {
            Assert.Equal("CREDENTIAL_REJECTED", (await fixture.StreamAsync(
                Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{One}"))).Failed.Reason);
        }
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Refused_refresh_after_rejected_token_reports_both()
    {
        await using var fixture = await Login.StartAsync(Good);
        fixture.Sandbox.Script(Faults.Status(401), Faults.Status(400).ForPath(Login.Path));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(("CREDENTIAL_REJECTED", "401"), (failed.Reason, failed.Facts["http_status"]));
        Assert.Contains("OAuth token refresh failed for anthropic: the token endpoint answered 400", failed.Message,
            StringComparison.Ordinal);
        Assert.Equal($"{One} disabled auth, all models, for good", await fixture.UnusableAsync());
        Assert.Equal(ExpiryState.Expired, (await fixture.StatusAsync()).Auth.Profiles.Single().Expiry);
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Failing_token_endpoint_means_next_route_and_no_cooldown()
    {
        await using var fixture = await Login.StartAsync(Good, withKey: true);
        fixture.Sandbox.Script(Faults.Status(401).ForKey(Login.Access).Forever(), Faults.Status(500).ForPath(Login.Path));
        Assert.Equal($"{One} failed CredentialRejected 401, {Two} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal("", await fixture.UnusableAsync());
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await ServerFixture.EventuallyAsync(async () => (await fixture.StreamAsync()).Served.ProfileId == One);
        Assert.Equal(2, fixture.Grants().Count);
    }

    [Fact]
    public async Task Without_an_endpoint_a_refused_token_is_refused()
    {
        await using var fixture = await Login.StartAsync(Good, withKey: true, configured: false);
        fixture.Sandbox.Script(Faults.Status(401).ForKey(Login.Access).Forever());
        Assert.Equal($"{One} failed CredentialRejected 401, {Two} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal($"{One} disabled auth, all models, for good", await fixture.UnusableAsync());
    }

    [Theory]
    [InlineData(403)]
    [InlineData(429)]
    public async Task Nothing_else_asks_for_a_refresh(int status)
    {
        await using var fixture = await Login.StartAsync(Good, withKey: true);
        fixture.Sandbox.Script(
            Faults.Status(status, "OAuth token has been revoked. Please obtain a new token.").ForKey(Login.Access));
        Assert.EndsWith($"{Two} served", (await fixture.StreamAsync()).Attempts, StringComparison.Ordinal);
        Assert.Empty(fixture.Grants());
    }
}
