using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>
/// The outcome of an attempt, which changes the health of its profile. Skipped routes have none.
/// </summary>
/// <param name="Model">The route's model, as <c>provider/model</c>.</param>
/// <param name="Began">When the attempt began.</param>
/// <param name="Now">When it ended; of several at once, when each was recorded.</param>
internal abstract record HealthChange(string Model, DateTimeOffset Began, DateTimeOffset Now)
{
    /// <summary>
    /// When it is stored, which may be long after <see cref="Now"/>: what others have stored since is not of a clock that has
    /// gone back.
    /// </summary>
    public DateTimeOffset Stored { get; init; } = Now;

    /// <summary>The health after it.</summary>
    /// <param name="rules">For how long failures set aside.</param>
    public ProfileHealth Apply(ProfileHealth before, HealthRules rules) => Change(before.At(Stored), rules);

    /// <summary>The health after it.</summary>
    /// <param name="before">Without what a clock has set that has gone back since.</param>
    /// <param name="rules">For how long failures set aside.</param>
    protected abstract ProfileHealth Change(ProfileHealth before, HealthRules rules);

    /// <summary>Whether a recorded time may be the present or the past.</summary>
    protected bool IsPast(DateTimeOffset recorded) => recorded <= Stored + ProfileHealth.MostSkew;

    /// <summary>The later of a recorded time and <see cref="Now"/>: neither moves back.</summary>
    protected DateTimeOffset Latest(DateTimeOffset? recorded) =>
        recorded is { } time && time > Now && IsPast(time) ? time : Now;
}

/// <summary>An attempt served.</summary>
/// <param name="Model">The route's model, as <c>provider/model</c>.</param>
/// <param name="Now">When its first content-bearing event came.</param>
internal sealed record Served(string Model, DateTimeOffset Began, DateTimeOffset Now) : HealthChange(Model, Began, Now)
{
    protected override ProfileHealth Change(ProfileHealth before, HealthRules rules)
    {
        var after = before with { LastUsed = Latest(before.LastUsed) };

        // An attempt that began before the last failure does not clear it.
        if (before.Routes.TryGetValue(Model, out var route) && route.LastFailureAt <= Began)
            after = after with { Routes = before.Routes.Remove(Model) };
        if (before.LastFailureAt > Began)
            return after;
        return after with
        {
            CooldownUntil = null,
            CooldownSetAt = null,
            CooldownReason = null,
            DisabledUntil = null,
            DisabledSetAt = null,
            DisabledReason = null,
            ErrorCount = 0,
            FailureCounts = before.FailureCounts.Clear(),
        };
    }
}

/// <summary>An attempt failed upstream.</summary>
/// <param name="Model">The route's model, as <c>provider/model</c>.</param>
/// <param name="Failure">How.</param>
internal sealed record Failed(string Model, DateTimeOffset Began, DateTimeOffset Now, UpstreamFailure Failure)
    : HealthChange(Model, Began, Now)
{
    /// <summary>
    /// When the profile had last failed, as far as was known when the attempt was let through: it knew nothing of failures after
    /// that, which another server may have recorded, and is of the same burst. The least time: it knew of none.
    /// </summary>
    public DateTimeOffset Known { get; init; } = DateTimeOffset.MaxValue;

    protected override ProfileHealth Change(ProfileHealth before, HealthRules rules) => Failure.SetsAside switch
    {
        SetsAside.Nothing => before,
        SetsAside.Route => SetRouteAside(before, rules),
        SetsAside.Profile => SetProfileAside(before, rules),
        _ => throw new InvalidOperationException($"Unknown scope {Failure.SetsAside}."),
    };

    private ProfileHealth SetRouteAside(ProfileHealth before, HealthRules rules)
    {
        before.Routes.TryGetValue(Model, out var route);
        if (route is null && before.Routes.IsEmpty && before.LastFailureAt is { } last)
        {
            // A program without routes wrote the file: its counters stand for every route until one fails here.
            route = new RouteHealth(null, Failure.Row.Name, before.ErrorCount, last);
        }

        var burst = route is not null && IsBurst(route.LastFailureAt);
        var count = burst
            ? Math.Max(1, route!.ErrorCount)
            : 1 + (route is null || IsOld(route.LastFailureAt, rules) ? 0 : route.ErrorCount);
        var until = Later(route?.CooldownUntil, burst ? Failure.Until : Until(count, rules));
        return Counted(before, rules, burst)
            .WithRoute(Model, new RouteHealth(until, Failure.Row.Name, count, Latest(route?.LastFailureAt)));
    }

    private ProfileHealth SetProfileAside(ProfileHealth before, HealthRules rules)
    {
        // Not a burst unless the profile is set aside already: otherwise the last failure was of another kind, such as a route's.
        var timer = Failure.Kind == FailureKind.PlanExhausted ? before.CooldownUntil : before.DisabledUntil;
        var burst = timer > Now && before.LastFailureAt is { } last && IsBurst(last)
            && before.FailureCounts.ContainsKey(Failure.Row.Name);
        var after = Counted(before, rules, burst);
        if (Failure.Row.Clock == Clock.None)
            return after with { DisabledUntil = ProfileHealth.Never, DisabledSetAt = Now, DisabledReason = Failure.Row.Name };
        if (Failure.Kind == FailureKind.Billing)
        {
            var billed = burst ? Failure.Until : Until(after.FailureCounts[Failure.Row.Name], rules);
            return after with
            {
                DisabledUntil = Later(before.DisabledUntil, billed),
                DisabledSetAt = billed > before.DisabledUntil || before.DisabledUntil is null ? Now : before.DisabledSetAt,
                DisabledReason = before.DisabledUntil == ProfileHealth.Never ? before.DisabledReason : Failure.Row.Name,
            };
        }

        var until = burst ? Failure.Until : Until(after.ErrorCount, rules);
        return after with
        {
            CooldownUntil = Later(before.CooldownUntil, until),
            CooldownSetAt = until > before.CooldownUntil || before.CooldownUntil is null ? Now : before.CooldownSetAt,
            CooldownReason = Failure.Row.Name,
        };
    }

    private DateTimeOffset? Until(int count, HealthRules rules) => Failure.Row.Clock switch
    {
        Clock.None => null,
        Clock.Ladder => Later(Now + rules.Step(count), Failure.Until),
        Clock.FirstStep => Later(Now + rules.Step(1), Failure.Until),
        Clock.StatedReset => Failure.Until ?? Now + rules.Step(count),
        Clock.BillingBackoff => Later(Now + rules.BillingStep(count), Failure.Until),
        _ => throw new InvalidOperationException($"Unknown clock {Failure.Row.Clock}."),
    };

    private ProfileHealth Counted(ProfileHealth before, HealthRules rules, bool burst)
    {
        if (burst)
            return before with { LastFailureAt = Latest(before.LastFailureAt) };
        var fresh = before.LastFailureAt is { } last && IsOld(last, rules)
            ? before with { ErrorCount = 0, FailureCounts = before.FailureCounts.Clear() }
            : before;
        return fresh with
        {
            ErrorCount = fresh.ErrorCount + 1,
            FailureCounts = fresh.FailureCounts.SetItem(
                Failure.Row.Name, fresh.FailureCounts.GetValueOrDefault(Failure.Row.Name) + 1),
            LastFailureAt = Latest(before.LastFailureAt),
        };
    }

    // Attempts under way when the route last failed are one burst and count once.
    private bool IsBurst(DateTimeOffset lastFailureAt) =>
        (lastFailureAt >= Began || Milliseconds(lastFailureAt) > Milliseconds(Known)) && IsPast(lastFailureAt);

    // As precise as a stored time.
    private static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private bool IsOld(DateTimeOffset lastFailureAt, HealthRules rules) => Now - lastFailureAt > rules.FailureWindow;

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => new[] { one, other }.Max();
}
