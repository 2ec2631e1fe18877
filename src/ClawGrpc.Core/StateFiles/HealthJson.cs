using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// The health of a profile in <c>usageStats</c> (openclaw-spec.md, sections 1.3, 5.3 and 5.4). OpenClaw knows no routes: theirs
/// go into an extra member, and the top-level <c>cooldownUntil</c> is the latest of all, so that OpenClaw avoids the profile too.
/// It keeps extra members as they are, so those that tell when an end was set may be older than the end; never newer.
/// </summary>
internal static class HealthJson
{
    /// <summary>The member of a profile's health that holds those of its routes.</summary>
    public const string Routes = "routes";

    private const string LastUsed = "lastUsed";
    private const string ErrorCount = "errorCount";
    private const string FailureCounts = "failureCounts";
    private const string LastFailureAt = "lastFailureAt";
    private const string CooldownUntil = "cooldownUntil";
    private const string CooldownSetAt = "cooldownSetAt";
    private const string CooldownReason = "cooldownReason";
    private const string DisabledUntil = "disabledUntil";
    private const string DisabledSetAt = "disabledSetAt";
    private const string DisabledReason = "disabledReason";
    private const string Reason = "reason";

    // The profile's own cooldown, written only if the top-level one is a route's and would hide it.
    private const string ProfileCooldownUntil = "profileCooldownUntil";

    public static ProfileHealth Decode(JsonObject entry)
    {
        var lastUsed = Times.Past(entry[LastUsed]);
        var cooldown = Times.End(entry[CooldownUntil]);
        var routes = DecodeRoutes(entry.ObjectOf(Routes));
        var latest = Latest(routes);
        if (cooldown is null && latest is not null)
        {
            // Another program cleared the cooldown, as it does when the profile has served: earlier failures are over.
            routes = routes.RemoveRange(routes.Where(route => route.Value.LastFailureAt <= lastUsed).Select(route => route.Key));
        }

        var own = cooldown == latest && cooldown is not null ? Times.End(entry[ProfileCooldownUntil]) : cooldown;
        var disabled = Times.End(entry[DisabledUntil]);
        return new ProfileHealth
        {
            LastUsed = lastUsed,
            CooldownUntil = own,
            CooldownSetAt = own is null ? null : Times.Past(entry[CooldownSetAt]),
            CooldownReason = entry.TextOf(CooldownReason),
            DisabledUntil = disabled,
            DisabledSetAt = disabled is null ? null : Times.Past(entry[DisabledSetAt]),
            DisabledReason = entry.TextOf(DisabledReason),
            ErrorCount = Count(entry[ErrorCount]),
            FailureCounts = entry.ObjectOf(FailureCounts).Members.Where(member => member.Value is JsonNumber)
                .ToImmutableSortedDictionary(member => member.Key, member => Count(member.Value), StringComparer.Ordinal),
            LastFailureAt = Times.Past(entry[LastFailureAt]),
            Routes = routes,
        };
    }

    /// <summary>The entry for a health: empty if it is unknown. Members of other programs stay.</summary>
    public static JsonObject Encode(JsonObject before, ProfileHealth health)
    {
        var latest = Latest(health.Routes);
        var own = health.CooldownUntil;
        var isFresh = IsFresh(health);
        return before
            .With(LastUsed, Times.OfPast(health.LastUsed))
            .With(ErrorCount, isFresh ? null : JsonTree.Of(health.ErrorCount))
            .With(FailureCounts, EncodeCounts(health.FailureCounts))
            .With(LastFailureAt, Times.OfPast(health.LastFailureAt))
            .With(CooldownUntil, Times.OfEnd(own > latest || latest is null ? own : latest))
            .With(CooldownSetAt, own is null ? null : Times.OfPast(health.CooldownSetAt))
            .With(CooldownReason, TextOf(health.CooldownReason))
            .With(DisabledUntil, Times.OfEnd(health.DisabledUntil))
            .With(DisabledSetAt, health.DisabledUntil is null ? null : Times.OfPast(health.DisabledSetAt))
            .With(DisabledReason, TextOf(health.DisabledReason))
            .With(ProfileCooldownUntil, own <= latest ? Times.OfEnd(own) : null)
            .With(Routes, EncodeRoutes(before.ObjectOf(Routes), health.Routes));
    }

    /// <summary>When the cooldown of a route in the file ends; null if it has none.</summary>
    public static DateTimeOffset? EndOf(JsonTree route) => route is JsonObject entry ? Times.End(entry[CooldownUntil]) : null;

    private static bool IsFresh(ProfileHealth health) =>
        health is
        {
            LastUsed: null, ErrorCount: 0, LastFailureAt: null, CooldownUntil: null, CooldownReason: null, DisabledUntil: null,
            DisabledReason: null, FailureCounts.IsEmpty: true, Routes.IsEmpty: true,
        };

    private static DateTimeOffset? Latest(ImmutableSortedDictionary<string, RouteHealth> routes) =>
        routes.Values.Max(route => route.CooldownUntil);

    private static ImmutableSortedDictionary<string, RouteHealth> DecodeRoutes(JsonObject routes)
    {
        var decoded = ImmutableSortedDictionary.CreateBuilder<string, RouteHealth>(StringComparer.Ordinal);
        foreach (var (model, value) in routes.Members)
        {
            if (value is JsonObject route && route.TextOf(Reason) is { } reason && Times.Past(route[LastFailureAt]) is { } failed)
            {
                var count = Math.Max(1, Count(route[ErrorCount]));
                decoded[model] = new RouteHealth(Times.End(route[CooldownUntil]), reason, count, failed);
            }
        }

        return decoded.ToImmutable();
    }

    private static JsonObject? EncodeRoutes(JsonObject before, ImmutableSortedDictionary<string, RouteHealth> routes)
    {
        var encoded = JsonObject.Empty;
        foreach (var (model, route) in routes)
        {
            encoded = encoded.With(model, before.ObjectOf(model)
                .With(CooldownUntil, Times.OfEnd(route.CooldownUntil))
                .With(Reason, JsonTree.Of(route.Reason))
                .With(ErrorCount, JsonTree.Of(route.ErrorCount))
                .With(LastFailureAt, Times.OfPast(route.LastFailureAt)));
        }

        return encoded.IsEmpty ? null : encoded;
    }

    private static JsonObject? EncodeCounts(ImmutableSortedDictionary<string, int> counts) => counts.IsEmpty
        ? null
        : new JsonObject(0, [.. counts.Select(count => KeyValuePair.Create(count.Key, JsonTree.Of(count.Value)))]);

    private static JsonString? TextOf(string? text) => text is null ? null : new JsonString(0, text);

    private static int Count(JsonTree? value) =>
        value is JsonNumber { Value: > 0 and var number } ? (int)Math.Min(number, int.MaxValue) : 0;
}
