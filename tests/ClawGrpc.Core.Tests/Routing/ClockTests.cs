using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Tests.Routing;

/// <summary>A clock that goes back makes nothing last longer than it was meant to.</summary>
public class ClockTests
{
    private const string Id = "anthropic:one";
    private const string Opus = "anthropic/claude-opus-4-6";
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Yesterday = Noon.AddDays(-1);
    private static readonly HealthRules Rules = HealthRules.OpenClaw20261;

    [Theory]
    [InlineData("RateLimited")]
    [InlineData("TimedOut")]
    [InlineData("Billing")]
    [InlineData("PlanExhausted")]
    public void End_that_was_set_later_than_now_is_over(string kind)
    {
        var health = Fail(ProfileHealth.Unknown, kind, Noon);
        Assert.NotNull(SetAside.Of(health, Opus, Noon.AddSeconds(30)));
        Assert.Null(SetAside.Of(health, Opus, Yesterday));
        Assert.Empty(SetAside.AllOf(health, Yesterday));
        Assert.Null(SetAside.Of(Stored(health), Opus, Yesterday));
        Assert.NotNull(SetAside.Of(Stored(health), Opus, Noon.AddSeconds(30)));
    }

    [Fact]
    public void A_rejected_credential_stays_rejected_by_any_clock() =>
        Assert.NotNull(SetAside.Of(Fail(ProfileHealth.Unknown, "CredentialRejected", Noon), Opus, Yesterday));

    [Fact]
    public void Clocks_that_differ_by_seconds_change_nothing() =>
        Assert.NotNull(SetAside.Of(Fail(ProfileHealth.Unknown, "RateLimited", Noon), Opus, Noon.AddSeconds(-5)));

    [Fact]
    public void Success_by_the_new_clock_ends_what_the_old_one_set()
    {
        var failed = Fail(Fail(ProfileHealth.Unknown, "RateLimited", Noon), "Billing", Noon);
        var served = new Served(Opus, Yesterday, Yesterday.AddSeconds(1)).Apply(failed, Rules);
        Assert.Equal((0, null, null), (served.ErrorCount, served.DisabledUntil, served.CooldownUntil));
        Assert.Empty(served.Routes);
        Assert.Null(SetAside.Of(served, Opus, Noon.AddSeconds(30)));
    }

    [Theory]
    [InlineData("RateLimited", 60)]
    [InlineData("Billing", 24 * 60)]
    public void Failure_by_the_new_clock_does_not_revive_an_old_end(string kind, int mostMinutes)
    {
        var failed = Fail(Fail(ProfileHealth.Unknown, "RateLimited", Noon), "Billing", Noon);
        var again = Stored(Fail(Stored(failed), kind, Yesterday));
        var aside = Assert.Single(SetAside.AllOf(again, Yesterday));
        Assert.InRange(aside.Until, Yesterday, Yesterday.AddMinutes(mostMinutes));
    }

    [Fact]
    public void Failure_that_OpenClaw_counts_does_not_revive_an_old_end()
    {
        // OpenClaw writes a cooldown of its own by the new clock, and leaves all else as it is.
        var text = AuthProfilesFile.Empty.With(new SetHealth(Id, Fail(ProfileHealth.Unknown, "Billing", Noon))).ToText();
        var failure = Fail(ProfileHealth.Unknown, "Billing", Noon).LastFailureAt!.Value.ToUnixTimeMilliseconds();
        var theirs = text.Replace(
            $"\"lastFailureAt\": {failure}",
            $"\"lastFailureAt\": {Ms(Yesterday)}, \"cooldownUntil\": {Ms(Yesterday.AddMinutes(1))}", StringComparison.Ordinal);
        var aside = SetAside.Of(Read(theirs), Opus, Yesterday);
        Assert.Equal(Yesterday.AddMinutes(1), aside?.Until);
    }

    [Theory]
    [InlineData("cooldownUntil")]
    [InlineData("disabledUntil")]
    public void End_of_OpenClaw_was_set_when_it_counted_the_failure(string name)
    {
        var stats = $$"""{ "{{name}}": {{Ms(Noon.AddMinutes(2))}}, "lastFailureAt": {{Ms(Noon)}} }""";
        var text = $$"""{ "usageStats": { "{{Id}}": {{stats}} } }""";
        Assert.NotNull(SetAside.Of(Read(text), Opus, Noon));
        Assert.Null(SetAside.Of(Read(text), Opus, Yesterday));
    }

    [Fact]
    public void Pause_of_a_failed_refresh_is_over_when_the_clock_went_back()
    {
        var login = new OAuthCredential("anthropic", new Secret("access"), new Secret("refresh"), Yesterday.AddHours(-1));
        var endpoint = new OAuthConfiguration(new Uri("http://127.0.0.1/token"), "client");
        var history = LoginRefresh.AfterFailure(new RefreshHistory(login, endpoint), "it is down", null, Noon);
        Assert.Equal(RefreshStep.Blocked, LoginRefresh.StepOf(history, Noon.AddSeconds(1)));
        Assert.Equal(RefreshStep.Ask, LoginRefresh.StepOf(history, Yesterday));
        Assert.True(LoginRefresh.DueAt(history, Yesterday) <= Yesterday);
    }

    [Fact]
    public void Token_that_was_granted_by_the_old_clock_is_not_young()
    {
        var login = new OAuthCredential("anthropic", new Secret("access"), new Secret("refresh"), Noon.AddHours(1));
        var history = new RefreshHistory(login, null) { GrantedAt = Noon };
        Assert.False(LoginRefresh.AfterRejection(history, Noon.AddSeconds(1)).IsRejected);
        Assert.True(LoginRefresh.AfterRejection(history, Yesterday).IsRejected);
    }

    private static ProfileHealth Fail(ProfileHealth before, string kind, DateTimeOffset at)
    {
        var parsed = Enum.Parse<FailureKind>(kind);
        var scope = parsed is FailureKind.Billing or FailureKind.CredentialRejected or FailureKind.PlanExhausted
            ? SetsAside.Profile
            : SetsAside.Route;
        var reset = parsed == FailureKind.PlanExhausted ? at.AddMinutes(2) : (DateTimeOffset?)null;
        var failure = new UpstreamFailure(parsed, "words") { Until = reset, SetsAside = scope };
        return new Failed(Opus, at, at, failure).Apply(before, Rules);
    }

    private static ProfileHealth Stored(ProfileHealth health) =>
        Read(AuthProfilesFile.Empty.With(new SetHealth(Id, health)).ToText());

    private static ProfileHealth Read(string text) => StateFiles.StoreText.Read(text).Store.HealthOf(Id);

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
