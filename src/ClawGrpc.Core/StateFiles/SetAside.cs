namespace ClawGrpc.Core.StateFiles;

/// <summary>A profile or route that is not tried now.</summary>
/// <param name="Until">When it is tried again; <see cref="ProfileHealth.Never"/>: not by itself.</param>
/// <param name="Reason">Why; null if unknown.</param>
/// <param name="Disabled">Whether it is set aside for long (<c>disabled</c>), not for a <c>cooldown</c>.</param>
/// <param name="Model">Only with this model; null for all models.</param>
internal sealed record SetAside(DateTimeOffset Until, string? Reason, bool Disabled, string? Model)
{
    /// <summary>
    /// The cooldown that keeps a route from being tried, the longest of several; null if there is none. Over when equal to now.
    /// </summary>
    /// <param name="model">The route's model, as <c>provider/model</c>.</param>
    public static SetAside? Of(ProfileHealth health, string model, DateTimeOffset now)
    {
        var profile = OfProfile(health, now);
        var route = health.Routes.TryGetValue(model, out var found) ? OfRoute(model, found, now) : null;
        return route is not null && (profile is null || route.Until > profile.Until) ? route : profile;
    }

    /// <summary>Everything that is set aside: the profile as a whole, and each route by itself.</summary>
    public static IReadOnlyList<SetAside> AllOf(ProfileHealth health, DateTimeOffset now)
    {
        var profile = OfProfile(health, now);
        if (health.Routes.IsEmpty)
            return profile is null ? [] : [profile];
        var routes = health.Routes.Select(route => OfRoute(route.Key, route.Value, now)).OfType<SetAside>();
        return profile is null ? [.. routes] : [profile, .. routes];
    }

    private static SetAside? OfProfile(ProfileHealth health, DateTimeOffset now)
    {
        var disabled = health.IsDisabled(now);
        var cooling = health.IsCooling(now);
        if (!disabled && !cooling)
            return null;
        var until = new[] { disabled ? health.DisabledUntil : null, cooling ? health.CooldownUntil : null }.Max()!.Value;

        // OpenClaw writes no reason beside a cooldown, and shows the one of the disabling (openclaw-spec.md, section 7.3).
        return new SetAside(
            until, disabled ? health.DisabledReason : health.CooldownReason ?? health.DisabledReason, disabled, null);
    }

    private static SetAside? OfRoute(string model, RouteHealth route, DateTimeOffset now) =>
        route.IsCooling(now) ? new SetAside(route.CooldownUntil!.Value, route.Reason, false, model) : null;
}
