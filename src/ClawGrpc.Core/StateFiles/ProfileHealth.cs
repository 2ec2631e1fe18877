using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Failures of a profile and the end of its cooldowns, as <c>usageStats</c> holds them (openclaw-spec.md, section 1.3),
/// with the routes beside them: most failures set aside one model of a profile only, and the file's own timers know no models.
/// </summary>
internal sealed record ProfileHealth
{
    /// <summary>Never failed, never served.</summary>
    public static readonly ProfileHealth Unknown = new();

    /// <summary>The end of a timer that ends by nothing but a new credential, a reset or a successful probe.</summary>
    public static readonly DateTimeOffset Never = DateTimeOffset.FromUnixTimeMilliseconds(253_402_300_799_999);

    /// <summary>
    /// Clocks of programs that share a file differ by this much at most. What was set later than that from now was set by a clock
    /// that has gone back since: how much of it has passed is unknown, and it counts as over.
    /// </summary>
    public static readonly TimeSpan MostSkew = TimeSpan.FromMinutes(1);

    /// <summary>More routes of one profile are not kept.</summary>
    public const int MostRoutes = 100;

    /// <summary>When it last served; null if never. Round robin goes by it.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The whole profile is set aside until then; null if it is not. Usable again when equal to now.</summary>
    public DateTimeOffset? CooldownUntil { get; init; }

    /// <summary>When <see cref="CooldownUntil"/> was set; null if only <see cref="LastFailureAt"/> says.</summary>
    public DateTimeOffset? CooldownSetAt { get; init; }

    /// <summary>Why <see cref="CooldownUntil"/>; null if unknown.</summary>
    public string? CooldownReason { get; init; }

    /// <summary>The whole profile is set aside for long until then, or <see cref="Never"/>; null if it is not.</summary>
    public DateTimeOffset? DisabledUntil { get; init; }

    /// <summary>When <see cref="DisabledUntil"/> was set; null if only <see cref="LastFailureAt"/> says.</summary>
    public DateTimeOffset? DisabledSetAt { get; init; }

    /// <summary>Why <see cref="DisabledUntil"/>, such as <c>billing</c> or <c>auth</c>; null if unknown.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Failures since the last success; at least 0.</summary>
    public int ErrorCount { get; init; }

    /// <summary>The same by reason, such as <c>rate_limit</c>.</summary>
    public ImmutableSortedDictionary<string, int> FailureCounts { get; init; } =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>When it last failed; null if never.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Model (<c>provider/model</c>) to the health of that route; a route that never failed is absent.</summary>
    public ImmutableSortedDictionary<string, RouteHealth> Routes { get; init; } =
        ImmutableSortedDictionary.Create<string, RouteHealth>(StringComparer.Ordinal);

    /// <summary>The same with one route more. Of too many the first to come back are forgotten.</summary>
    public ProfileHealth WithRoute(string model, RouteHealth route)
    {
        var routes = Routes.SetItem(model, route);
        return this with
        {
            Routes = routes.Count <= MostRoutes
                ? routes
                : routes.RemoveRange(routes.Where(each => each.Key != model)
                    .OrderBy(each => each.Value.CooldownUntil ?? DateTimeOffset.MinValue)
                    .Take(routes.Count - MostRoutes).Select(each => each.Key)),
        };
    }

    /// <summary>Whether <see cref="CooldownUntil"/> is in force.</summary>
    public bool IsCooling(DateTimeOffset now) => IsInForce(CooldownUntil, CooldownSetAt, now);

    /// <summary>Whether <see cref="DisabledUntil"/> is in force.</summary>
    public bool IsDisabled(DateTimeOffset now) => IsInForce(DisabledUntil, DisabledSetAt, now);

    /// <summary>
    /// The same without ends that a clock has set that has gone back since. Failures by that clock happened some time ago, and
    /// still count.
    /// </summary>
    public ProfileHealth At(DateTimeOffset now)
    {
        var isAhead = IsAhead(LastFailureAt, now);
        var ahead = Routes.Where(route => IsAhead(route.Value.LastFailureAt, now)).ToList();
        if (!isAhead && ahead.Count == 0 && !IsAhead(CooldownSetAt, now) && !IsAhead(DisabledSetAt, now))
            return this;
        var past = now - MostSkew;
        var (cools, isDisabled) = (IsCooling(now), IsDisabled(now));
        return this with
        {
            CooldownUntil = cools ? CooldownUntil : null,
            CooldownSetAt = cools ? CooldownSetAt : null,
            CooldownReason = cools ? CooldownReason : null,
            DisabledUntil = isDisabled ? DisabledUntil : null,
            DisabledSetAt = isDisabled ? DisabledSetAt : null,
            DisabledReason = isDisabled ? DisabledReason : null,
            LastFailureAt = isAhead ? past : LastFailureAt,
            Routes = Routes.SetItems(ahead.Select(route => KeyValuePair.Create(
                route.Key, route.Value with { CooldownUntil = null, LastFailureAt = past }))),
        };
    }

    // Other programs write no time beside an end, but set it when they count a failure.
    private bool IsInForce(DateTimeOffset? until, DateTimeOffset? setAt, DateTimeOffset now) =>
        until is { } end && now < end && (end == Never || !(IsAhead(setAt, now) || IsAhead(LastFailureAt, now)));

    private static bool IsAhead(DateTimeOffset? recorded, DateTimeOffset now) => recorded - now > MostSkew;
}

/// <summary>Failures of one profile with one model, and the end of its cooldown.</summary>
/// <param name="CooldownUntil">Set aside until then; null if it is not. Usable again when equal to now.</param>
/// <param name="Reason">Why, such as <c>rate_limit</c>.</param>
/// <param name="ErrorCount">Bursts of failures since the last success; at least 1.</param>
/// <param name="LastFailureAt">When it last failed.</param>
internal sealed record RouteHealth(DateTimeOffset? CooldownUntil, string Reason, int ErrorCount, DateTimeOffset LastFailureAt)
{
    /// <summary>Whether <see cref="CooldownUntil"/> is in force. It was set when the route last failed.</summary>
    public bool IsCooling(DateTimeOffset now) =>
        CooldownUntil is { } until && now < until && LastFailureAt - now <= ProfileHealth.MostSkew;
}
