using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using CsCheck;

namespace ClawGrpc.Core.Tests.Routing;

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

    // openclaw-spec.md, section 5.3: at least a minute, at most the maximum but never less than the first, doubled ten times at
    // most.
    [Theory]
    [InlineData(0.1, 60, 1, 1)]
    [InlineData(0.1, 60, 3, 4)]
    [InlineData(5, 0.1, 1, 5)]
    [InlineData(5, 5, 9, 5)]
    [InlineData(5, 10, 2, 10)]
    [InlineData(1, 1e6, 11, 1024)]
    [InlineData(1, 1e6, 12, 1024)]
    [InlineData(1, 1e6, int.MaxValue, 1024)]
    public void Billing_doubles_between_its_bounds(double backoffMinutes, double maxMinutes, int count, double minutes)
    {
        var rules = Rules with
        {
            BillingBackoff = TimeSpan.FromMinutes(
            backoffMinutes),
            BillingMax = TimeSpan.FromMinutes(maxMinutes)
        };
        Assert.Equal(TimeSpan.FromMinutes(minutes), rules.BillingStep(count));
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 60)]
    [InlineData(3, 300)]
    [InlineData(9, 300)]
    public void Ladder_of_OpenClaw_2026_9_is_shorter(int failures, int seconds)
    {
        var (health, last) = Repeat(FailureKind.RateLimited, failures, HealthRules.OpenClaw20269);
        Assert.Equal(last.AddSeconds(seconds), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void Each_model_climbs_a_ladder_of_its_own()
    {
        var (health, last) = Repeat(FailureKind.RateLimited, 3);
        var both = Fail(health, FailureKind.RateLimited, last.AddHours(1), last.AddHours(1), Sonnet);
        Assert.Equal(last.AddHours(1).AddMinutes(1), both.Routes[Sonnet].CooldownUntil);
        Assert.Equal((1, 3, 4), (both.Routes[Sonnet].ErrorCount, both.Routes[Opus].ErrorCount, both.ErrorCount));
    }

    [Fact]
    public void Rate_limit_sets_one_model_aside_and_leaves_the_others()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon);
        Assert.NotNull(SetAside.Of(health, Opus, Noon));
        Assert.Null(SetAside.Of(health, Sonnet, Noon));
    }

    [Fact]
    public void Route_is_usable_at_the_very_end_of_its_cooldown()
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon);
        Assert.NotNull(SetAside.Of(health, Opus, Noon.AddMinutes(1).AddMilliseconds(-1)));
        Assert.Null(SetAside.Of(health, Opus, Noon.AddMinutes(1)));
    }

    [Theory]
    [InlineData(5, 60)]
    [InlineData(90, 90)]
    public void Stated_reset_lengthens_a_cooldown_and_never_shortens_it(int stated, int seconds)
    {
        var health = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon, until: Noon.AddSeconds(stated));
        Assert.Equal(Noon.AddSeconds(seconds), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void Exhausted_plan_ends_exactly_at_the_stated_reset()
    {
        var reset = Noon.AddDays(6.5);
        var failure = new UpstreamFailure(FailureKind.PlanExhausted, "limit") { Until = reset, SetsAside = SetsAside.Profile };
        var health = new Failed(Opus, Noon, Noon, failure).Apply(ProfileHealth.Unknown, Rules);
        Assert.Equal(reset, health.CooldownUntil);
        Assert.Equal(reset, SetAside.Of(health, Sonnet, Noon)!.Until);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    public void Exhausted_plan_without_a_reset_climbs_the_ladder(int failures, int minutes)
    {
        var (route, last) = Repeat(FailureKind.PlanExhausted, failures);
        Assert.Equal((last.AddMinutes(minutes), null), (route.Routes[Opus].CooldownUntil, route.CooldownUntil));
        var (profile, _) = Repeat(FailureKind.PlanExhausted, failures, scope: SetsAside.Profile);
        Assert.Equal(
            (last.AddMinutes(minutes), "rate_limit", 0), (profile.CooldownUntil, profile.CooldownReason, profile.Routes.Count));
    }

    [Fact]
    public void Timeout_never_climbs_the_ladder()
    {
        var (health, last) = Repeat(FailureKind.TimedOut, 5);
        Assert.Equal(last.AddMinutes(1), health.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void Refused_credential_stays_disabled_until_it_is_replaced()
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
    internal void Failures_unrelated_to_the_credential_change_nothing(FailureKind kind) =>
        Assert.Same(ProfileHealth.Unknown, Fail(ProfileHealth.Unknown, kind, Noon, Noon));

    [Fact]
    public void Burst_counts_once()
    {
        var first = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon.AddSeconds(1));
        var second = Fail(first, FailureKind.RateLimited, Noon, Noon.AddSeconds(2));
        var third = Fail(second, FailureKind.RateLimited, Noon.AddSeconds(1), Noon.AddSeconds(3), until: Noon.AddMinutes(3));
        Assert.Equal((1, 1), (third.ErrorCount, third.Routes[Opus].ErrorCount));
        Assert.Equal(first.Routes[Opus].CooldownUntil, second.Routes[Opus].CooldownUntil);
        Assert.Equal(Noon.AddMinutes(3), third.Routes[Opus].CooldownUntil);
    }

    // Seconds from the last failure: an attempt was under way if it began before or at the failure. Of failures at once, one that
    // ended first may be recorded last; one of a day ago tells that the recorded time is a wrong clock's.
    [Theory]
    [InlineData(-1, 0, 1)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 1)]
    [InlineData(0.001, 1, 2)]
    [InlineData(-2, -0.001, 1)]
    [InlineData(-86_402, -86_400, 2)]
    public void Attempts_under_way_belong_to_the_burst(double began, double ended, int count)
    {
        var first = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon);
        var second = Fail(first, FailureKind.RateLimited, Noon.AddSeconds(began), Noon.AddSeconds(ended));
        Assert.Equal((count, count), (second.ErrorCount, second.Routes[Opus].ErrorCount));
    }

    // Another server, or another thread, recorded the last failure before this attempt began, and the attempt had not seen it.
    [Theory]
    [InlineData(FailureKind.RateLimited, -10, 1)]
    [InlineData(FailureKind.RateLimited, 0, 2)]
    [InlineData(FailureKind.RateLimited, 0.0004, 2)]
    [InlineData(FailureKind.Billing, -10, 1)]
    [InlineData(FailureKind.Billing, 0, 2)]
    internal void Failures_that_an_attempt_did_not_know_of_are_of_its_burst(FailureKind kind, double known, int count)
    {
        var first = Fail(ProfileHealth.Unknown, kind, Noon, Noon);
        var second = new Failed(Opus, Noon.AddSeconds(2), Noon.AddSeconds(3), new UpstreamFailure(kind, "words"))
        {
            Known = known < 0 ? DateTimeOffset.MinValue : Noon.AddSeconds(known),
        }.Apply(first, Rules);
        Assert.Equal(count, second.ErrorCount);
    }

    [Fact]
    public void Burst_stays_on_its_step_of_the_ladder()
    {
        var (health, last) = Repeat(FailureKind.RateLimited, 2);
        var burst = Fail(health, FailureKind.RateLimited, last.AddSeconds(-1), last.AddSeconds(1));
        Assert.Equal(health.Routes[Opus] with { LastFailureAt = last.AddSeconds(1) }, burst.Routes[Opus]);
        var next = Fail(burst, FailureKind.RateLimited, last.AddMinutes(10), last.AddMinutes(10));
        Assert.Equal(last.AddMinutes(10 + 25), next.Routes[Opus].CooldownUntil);
    }

    [Fact]
    public void Exhausted_plan_burst_moves_its_end_only_to_a_later_reset()
    {
        var first = Exhaust(ProfileHealth.Unknown, 1, null);
        var second = Exhaust(first, 2, null);
        Assert.Equal((Noon.AddSeconds(61), 1), (second.CooldownUntil, second.ErrorCount));
        var third = Exhaust(second, 3, Noon.AddHours(5));
        Assert.Equal((Noon.AddHours(5), 1), (third.CooldownUntil, third.ErrorCount));
        Assert.Equal(Noon.AddHours(5), Exhaust(third, 4, Noon.AddHours(3)).CooldownUntil);

        // The route was usable again when the next attempt failed, so this is a new failure.
        var news = Exhaust(Exhaust(ProfileHealth.Unknown, 1, Noon.AddSeconds(2)), 2, null);
        Assert.Equal((Noon.AddSeconds(2).AddMinutes(5), 2), (news.CooldownUntil, news.ErrorCount));

        static ProfileHealth Exhaust(ProfileHealth before, int seconds, DateTimeOffset? until) =>
            Fail(before, FailureKind.PlanExhausted, Noon, Noon.AddSeconds(seconds), until: until, scope: SetsAside.Profile);
    }

    [Fact]
    public void Billing_failure_counts_within_a_rate_limit_burst()
    {
        var (billed, last) = Repeat(FailureKind.Billing, 1);
        var now = last.AddHours(6);
        var limited = Fail(billed, FailureKind.RateLimited, now, now.AddSeconds(1));
        var again = Fail(limited, FailureKind.Billing, now, now.AddSeconds(2), Sonnet);
        Assert.Equal((now.AddSeconds(2).AddHours(10), 2), (again.DisabledUntil, again.FailureCounts["billing"]));
        var exhausted = Fail(limited, FailureKind.PlanExhausted, now, now.AddSeconds(2), Sonnet, scope: SetsAside.Profile);
        Assert.NotNull(SetAside.Of(exhausted, Sonnet, now.AddSeconds(3)));
    }

    [Fact]
    public void Burst_of_billing_failures_counts_once()
    {
        var first = Fail(ProfileHealth.Unknown, FailureKind.Billing, Noon, Noon.AddSeconds(1));
        var second = Fail(first, FailureKind.Billing, Noon, Noon.AddSeconds(2));
        Assert.Equal(first.DisabledUntil, second.DisabledUntil);
        Assert.Equal(1, second.FailureCounts["billing"]);
    }

    [Fact]
    public void Failure_after_a_day_without_one_counts_as_the_first()
    {
        var (health, last) = Repeat(FailureKind.RateLimited, 2);
        var day = Fail(health, FailureKind.RateLimited, last.AddHours(24), last.AddHours(24));
        Assert.Equal((last.AddHours(24).AddMinutes(25), 3), (day.Routes[Opus].CooldownUntil, day.ErrorCount));
        var later = last.AddHours(24).AddMilliseconds(1);
        var again = Fail(health, FailureKind.RateLimited, later, later);
        Assert.Equal(later.AddMinutes(1), again.Routes[Opus].CooldownUntil);
        Assert.Equal(1, again.ErrorCount);
        Assert.Equal(1, again.FailureCounts["rate_limit"]);
    }

    [Fact]
    public void Counters_of_a_file_without_routes_are_continued()
    {
        var theirs = new ProfileHealth { ErrorCount = 1, LastFailureAt = Noon.AddMinutes(-10) };
        var health = Fail(theirs, FailureKind.RateLimited, Noon, Noon);
        Assert.Equal(Noon.AddMinutes(5), health.Routes[Opus].CooldownUntil);
        Assert.Equal(2, health.ErrorCount);
        var uncounted = Fail(theirs with { ErrorCount = 0 }, FailureKind.RateLimited, Noon.AddMinutes(-10), Noon);
        Assert.Equal(1, uncounted.Routes[Opus].ErrorCount);
    }

    [Fact]
    public void Success_ends_all_but_the_cooldowns_of_other_routes()
    {
        var both = Fail(
            Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon), FailureKind.RateLimited, Noon, Noon, Sonnet);
        var after = new Served(Opus, Noon.AddMinutes(2), Noon.AddMinutes(2)).Apply(both, Rules);
        Assert.Equal([Sonnet], after.Routes.Keys);
        Assert.Equal(0, after.ErrorCount);
        Assert.Empty(after.FailureCounts);
        Assert.Equal(Noon.AddMinutes(2), after.LastUsed);
        Assert.Equal(Noon, after.LastFailureAt);
    }

    [Fact]
    public void Success_that_began_before_the_last_failure_keeps_it()
    {
        var failed = Fail(ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon.AddSeconds(5));
        var after = new Served(Opus, Noon.AddSeconds(1), Noon.AddSeconds(6)).Apply(failed, Rules);
        Assert.Equal(failed.Routes[Opus], after.Routes[Opus]);
        Assert.Equal(1, after.ErrorCount);
        Assert.Equal(Noon.AddSeconds(6), after.LastUsed);
        var undone = new Served(Opus, Noon.AddSeconds(5), Noon.AddSeconds(6)).Apply(failed, Rules);
        Assert.Equal((0, 0), (undone.ErrorCount, undone.Routes.Count));
    }

    [Fact]
    public void Billing_failure_keeps_a_refused_credential_disabled()
    {
        var refused = Fail(ProfileHealth.Unknown, FailureKind.CredentialRejected, Noon, Noon);
        var both = Fail(refused, FailureKind.Billing, Noon.AddSeconds(1), Noon.AddSeconds(1));
        Assert.Equal(ProfileHealth.Never, both.DisabledUntil);
        Assert.Equal("auth", both.DisabledReason);
    }

    // Minutes from now. Until is the latest end; disabled is whether the disabling still holds (openclaw-spec.md, section 7.3).
    [Theory]
    [InlineData(null, null, 5, 5, "rate_limit", false, Opus)]
    [InlineData(3, null, 5, 5, "rate_limit", false, Opus)]
    [InlineData(7, null, 5, 7, "timeout", false, null)]
    [InlineData(5, null, 5, 5, "timeout", false, null)]
    [InlineData(null, 9, 5, 9, "billing", true, null)]
    [InlineData(null, 3, 5, 5, "rate_limit", false, Opus)]
    [InlineData(3, 9, null, 9, "billing", true, null)]
    [InlineData(9, 3, null, 9, "billing", true, null)]
    [InlineData(3, 0, null, 3, "timeout", false, null)]
    [InlineData(3, -9, 0, 3, "timeout", false, null)]
    [InlineData(0, 3, null, 3, "billing", true, null)]
    [InlineData(-9, 3, null, 3, "billing", true, null)]
    [InlineData(0, 0, 0, null, null, false, null)]
    public void Longest_cooldown_keeps_a_route_aside(
        int? cooldown, int? disabled, int? route, int? until, string? reason, bool isDisabled, string? model)
    {
        var health = ProfileHealth.Unknown with
        {
            CooldownUntil = Minutes(cooldown),
            CooldownReason = "timeout",
            DisabledUntil = Minutes(disabled),
            DisabledReason = "billing",
            Routes = ProfileHealth.Unknown.Routes.Add(Opus, new RouteHealth(Minutes(route), "rate_limit", 1, Noon)),
        };
        var expected = until is null ? null : new SetAside(Minutes(until)!.Value, reason, isDisabled, model);
        Assert.Equal(expected, SetAside.Of(health, Opus, Noon));

        static DateTimeOffset? Minutes(int? minutes) => minutes is { } some ? Noon.AddMinutes(some) : null;
    }

    [Fact]
    public void Profile_and_routes_are_listed_apart_when_set_aside()
    {
        var routes = Fail(Fail(
            ProfileHealth.Unknown, FailureKind.RateLimited, Noon, Noon), FailureKind.TimedOut, Noon, Noon.AddSeconds(9), Sonnet);
        var all = Fail(routes, FailureKind.Billing, Noon.AddSeconds(10), Noon.AddSeconds(10));
        SetAside[] expected =
        [
            new(Noon.AddSeconds(10).AddHours(5), "billing", true, null),
            new(Noon.AddSeconds(60), "rate_limit", false, Opus),
            new(Noon.AddSeconds(69), "timeout", false, Sonnet),
        ];
        Assert.Equal(expected, SetAside.AllOf(all, Noon.AddSeconds(59)));
        Assert.Equal([expected[0], expected[2]], SetAside.AllOf(all, Noon.AddSeconds(60)));
        Assert.Empty(SetAside.AllOf(routes, Noon.AddSeconds(69)));
    }

    [Fact]
    public void Cooldown_never_exceeds_the_longest_step() => Gen.Select(
        Gen.Int[0, 3999], Gen.Int[0, 59], Gen.OneOf(Opus, Sonnet), Gen.Int[0, 4]).Array[0, 30].Sample(
        steps =>
        {
            var (health, now) = (ProfileHealth.Unknown, Noon);
            foreach (var (pause, took, model, outcome) in steps)
            {
                now = now.AddSeconds(pause);
                var (began, before) = (now.AddSeconds(-took), health);
                health = outcome switch
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
        },
        iter: 500);

    private static (ProfileHealth Health, DateTimeOffset Last) Repeat(
        FailureKind kind, int failures, HealthRules? rules = null, SetsAside? scope = null)
    {
        var (health, now) = (ProfileHealth.Unknown, Noon);
        for (var each = 0; each < failures; each++)
        {
            now = Noon.AddHours(2 * each);
            health = Fail(health, kind, now, now, rules: rules, scope: scope);
        }

        return (health, now);
    }

    private static ProfileHealth Fail(
        ProfileHealth before, FailureKind kind, DateTimeOffset began, DateTimeOffset now, string model = Opus,
        DateTimeOffset? until = null, HealthRules? rules = null, SetsAside? scope = null)
    {
        var failure = new UpstreamFailure(kind, "words") { Until = until };
        return new Failed(model, began, now, scope is { } wider ? failure with { SetsAside = wider } : failure)
            .Apply(before, rules ?? Rules);
    }
}
