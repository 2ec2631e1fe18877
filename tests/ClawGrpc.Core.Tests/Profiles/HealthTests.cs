using ClawGrpc.Core.Failures;
using ClawGrpc.Core.Profiles;

namespace ClawGrpc.Core.Tests.Profiles;

public class HealthTests
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private const string Sonnet = "anthropic/claude-sonnet-4-5";
    private static readonly DateTimeOffset Noon = new(2026, 2, 8, 12, 0, 0, TimeSpan.Zero);
    private static readonly HealthRules Rules = HealthRules.OpenClaw20261;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    [InlineData(3, 25)]
    [InlineData(4, 60)]
    [InlineData(9, 60)]
    public void Each_further_rate_limit_climbs_the_ladder(int failures, int minutes)
    {
        var (health, last) = Repeat(FailureKind.RateLimited, failures);
        Assert.Equal(last.AddMinutes(minutes), health.Routes[Opus].CooldownUntil);
        Assert.Equal(failures, health.ErrorCount);
        Assert.Equal(failures, health.FailureCounts["rate_limit"]);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(3, 20)]
    [InlineData(4, 24)]
    [InlineData(30, 24)]
    public void Billing_sets_the_whole_profile_aside_for_doubling_hours(int failures, int hours)
    {
        var (health, last) = Repeat(FailureKind.Billing, failures);
        Assert.Equal(last.AddHours(hours), health.DisabledUntil);
        Assert.Equal("billing", health.DisabledReason);
        Assert.NotNull(SetAside.Of(health, Sonnet, last));
    }

    [Fact]
    public void The_newer_ladder_is_shorter()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon, rules: HealthRules.OpenClaw20269);
        Assert.Equal(Noon.AddSeconds(30), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void A_rate_limit_sets_one_model_aside_and_leaves_the_others()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon);
        Assert.NotNull(SetAside.Of(health, Opus, Noon));
        Assert.Null(SetAside.Of(health, Sonnet, Noon));
    }

    [Fact]
    public void A_route_is_usable_again_at_the_very_end_of_its_cooldown()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon);
        Assert.NotNull(SetAside.Of(health, Opus, Noon.AddMinutes(1).AddMilliseconds(-1)));
        Assert.Null(SetAside.Of(health, Opus, Noon.AddMinutes(1)));
    }

    [Theory]
    [InlineData(5, 60)]
    [InlineData(90, 90)]
    public void What_upstream_states_makes_a_cooldown_longer_and_never_shorter(int stated, int seconds)
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon, until: Noon.AddSeconds(stated));
        Assert.Equal(Noon.AddSeconds(seconds), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void A_used_up_plan_comes_back_exactly_when_stated_however_late()
    {
        var reset = Noon.AddDays(6.5);
        var failure = new UpstreamFailure(FailureKind.PlanExhausted, "limit") { Until = reset, SetsAside = SetsAside.Profile };
        var health = new Failed(Opus, Noon, Noon, failure).Apply(ProfileHealth.Unknown, Rules);
        Assert.Equal(reset, health.CooldownUntil);
        Assert.Equal(reset, SetAside.Of(health, Sonnet, Noon)!.Until);
    }

    [Fact]
    public void A_timeout_never_climbs_the_ladder()
    {
        var (health, last) = Repeat(FailureKind.TimedOut, 5);
        Assert.Equal(last.AddMinutes(1), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void A_refused_credential_stays_aside_until_something_is_done_about_it()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.CredentialRejected, Noon, Noon);
        Assert.Equal(ProfileHealth.Never, SetAside.Of(health, Sonnet, Noon.AddYears(50))!.Until);
        Assert.Equal("auth", health.DisabledReason);
    }

    [Theory]
    [InlineData(FailureKind.Overloaded)]
    [InlineData(FailureKind.ServerError)]
    [InlineData(FailureKind.RequestRejected)]
    [InlineData(FailureKind.Interrupted)]
    [InlineData(FailureKind.Cancelled)]
    public void What_says_nothing_of_the_credential_changes_nothing(FailureKind kind) =>
        Assert.Same(ProfileHealth.Unknown, Fail(ProfileHealth.Unknown, kind, Noon, Noon));

    [Fact]
    public void A_burst_counts_once()
    {
        var first = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon.AddSeconds(1));
        var second = Fail(first, FailureKind.RateLimited, Noon, Noon.AddSeconds(2));
        var third = Fail(second, FailureKind.RateLimited, Noon.AddSeconds(1), Noon.AddSeconds(3), until: Noon.AddMinutes(3));
        Assert.Equal(1, third.ErrorCount);
        Assert.Equal(first.Routes[Opus].CooldownUntil, second.Routes[Opus].CooldownUntil);
        Assert.Equal(Noon.AddMinutes(3), third.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void A_burst_of_billing_failures_counts_once()
    {
        var first = Fail(ProfileHealth.Unknown, FailureKind.Billing, Noon, Noon.AddSeconds(1));
        var second = Fail(first, FailureKind.Billing, Noon, Noon.AddSeconds(2));
        Assert.Equal(first.DisabledUntil, second.DisabledUntil);
        Assert.Equal(1, second.FailureCounts["billing"]);
    }

    [Fact]
    public void A_failure_after_a_day_without_one_counts_as_the_first()
    {
        var (health, last) = Repeat(FailureKind.RateLimited, 4);
        var later = last.AddHours(24).AddMilliseconds(1);
        var again = Fail(health, FailureKind.RateLimited, later, later);
        Assert.Equal(later.AddMinutes(1), again.Routes[Opus].CooldownUntil);
        Assert.Equal(1, again.ErrorCount);
        Assert.Equal(1, again.FailureCounts["rate_limit"]);
    }

    [Fact]
    public void A_file_of_a_program_that_knows_no_routes_continues_its_count()
    {
        var theirs = new ProfileHealth { ErrorCount = 1, LastFailureAt = Noon.AddMinutes(-10) };
        var health = Fail(theirs, FailureKind.RateLimited, Noon, Noon);
        Assert.Equal(Noon.AddMinutes(5), health.Routes[Opus].CooldownUntil);
        Assert.Equal(2, health.ErrorCount);
    }

    [Fact]
    public void A_success_ends_everything_but_the_cooldowns_of_other_routes()
    {
        var both = Fail(Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon), FailureKind.RateLimited, Noon, Noon, Sonnet);
        var after = new Served(Opus, Noon.AddMinutes(2), Noon.AddMinutes(2)).Apply(both, Rules);
        Assert.Equal([Sonnet], after.Routes.Keys);
        Assert.Equal(0, after.ErrorCount);
        Assert.Empty(after.FailureCounts);
        Assert.Equal(Noon.AddMinutes(2), after.LastUsed);
        Assert.Equal(Noon, after.LastFailureAt);
    }

    [Fact]
    public void A_success_that_began_before_the_last_failure_does_not_undo_it()
    {
        var failed = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon.AddSeconds(5));
        var after = new Served(Opus, Noon.AddSeconds(1), Noon.AddSeconds(6)).Apply(failed, Rules);
        Assert.Equal(failed.Routes[Opus], after.Routes[Opus]);
        Assert.Equal(1, after.ErrorCount);
        Assert.Equal(Noon.AddSeconds(6), after.LastUsed);
    }

    [Fact]
    public void A_billing_failure_does_not_make_a_refused_credential_come_back_by_itself()
    {
        var refused = Fail(ProfileHealth.Unknown, FailureKind.CredentialRejected, Noon, Noon);
        var both = Fail(refused, FailureKind.Billing, Noon.AddSeconds(1), Noon.AddSeconds(1));
        Assert.Equal(ProfileHealth.Never, both.DisabledUntil);
        Assert.Equal("auth", both.DisabledReason);
    }

    [Fact]
    public void No_story_of_failures_sets_a_route_aside_for_longer_than_its_longest_step()
    {
        var random = new Random(20260208);
        for (var story = 0; story < 500; story++)
        {
            var (health, now) = (ProfileHealth.Unknown, Noon);
            for (var step = 0; step < 30; step++)
            {
                now = now.AddSeconds(random.Next(0, 4000));
                var began = now.AddSeconds(-random.Next(0, 60));
                var model = random.Next(2) == 0 ? Opus : Sonnet;
                var before = health;
                health = random.Next(5) switch
                {
                    0 => new Served(model, began, now).Apply(health, Rules),
                    1 => Fail(health, FailureKind.TimedOut, began, now, model),
                    2 => Fail(health, FailureKind.Overloaded, began, now, model),
                    _ => Fail(health, FailureKind.RateLimited, began, now, model),
                };
                Assert.All(SetAside.AllOf(health, now), aside => Assert.True(aside.Until <= now.AddMinutes(60)));
                Assert.True(health.ErrorCount <= before.ErrorCount + 1);
                Assert.All(health.Routes.Values, route => Assert.True(route.ErrorCount >= 1));
            }
        }
    }

    private static (ProfileHealth Health, DateTimeOffset Last) Repeat(FailureKind kind, int failures)
    {
        var (health, now) = (ProfileHealth.Unknown, Noon);
        for (var each = 0; each < failures; each++)
        {
            now = Noon.AddHours(2 * each);
            health = Fail(health, kind, now, now);
        }

        return (health, now);
    }

    private static ProfileHealth Fail(
        ProfileHealth before, FailureKind kind, DateTimeOffset began, DateTimeOffset now, string model = Opus,
        DateTimeOffset? until = null, HealthRules? rules = null) =>
        new Failed(model, began, now, new UpstreamFailure(kind, "words") { Until = until }).Apply(before, rules ?? Rules);
}
