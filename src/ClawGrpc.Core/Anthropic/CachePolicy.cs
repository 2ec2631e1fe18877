using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// Decides the prompt caching of a request: a pure function of request and settings (openclaw-spec.md,
/// sections 0 and 6).
/// </summary>
internal static class CachePolicy
{
    /// <summary>A request may have at most this many breakpoints (anthropic-api.md, section 1.4).</summary>
    public const int MaxBreakpoints = 4;

    /// <summary>Plans the caching of a request.</summary>
    /// <param name="request">The caller's request; its own breakpoints are kept, counted, and never contradicted.</param>
    public static CachePlan Plan(RequestBody request, CacheSettings settings)
    {
        var (requested, by) = Requested(settings);
        var wanted = settings.Counts ? requested ?? Retention.Short : Retention.Short;
        var reasons = new List<string>();
        if (!settings.Counts)
            reasons.Add("subscription credentials ignore cacheRetention (params.cacheOnSubscription applies it)");
        else if (requested is null)
            reasons.Add("folders of Clawdbot and Moltbot get plain breakpoints unless a retention is set");
        if (wanted == Retention.None)
            return new CachePlan(requested, by, Retention.None, "", Own(request.Outline));

        var ttl = wanted == Retention.Long ? CacheTtl.OneHour : CacheTtl.FiveMinutes;
        var spots = Place(request.Outline, ttl, reasons);
        var applied = spots.Count > 0 ? wanted : Retention.None;
        return new CachePlan(requested, by, applied, string.Join("; ", reasons), All(request.Outline, spots, ttl))
        {
            Edits = spots.ConvertAll(spot => Marker.Edit(request.Json, spot, ttl)),
        };
    }

    private static (Retention? Requested, string By) Requested(CacheSettings settings) =>
        settings.Call is { } call ? (call, "call")
        : settings.Agent is { } agent ? (agent, "agent")
        : settings.Model is { } model ? (model, "model")
        : (settings.Default, "default");

    // If slots are short, the last user content comes first, since its prefix includes the other two, then the system prompt.
    private static List<Spot> Place(RequestOutline outline, CacheTtl ttl, List<string> reasons)
    {
        var placed = new List<Spot>(3);
        var slots = MaxBreakpoints - outline.Own.Count - (outline.Automatic is null ? 0 : 1);
        if (outline is { LastUser: null, LastSystem: null, LastTool: null })
            reasons.Add("no block of the prompt can carry a breakpoint");
        foreach (var candidate in (ReadOnlySpan<Spot?>)[outline.LastUser, outline.LastSystem, outline.LastTool])
        {
            if (candidate is not { } spot)
                continue;
            if (WhyNot(outline, spot, ttl, slots - placed.Count) is { } reason)
                reasons.Add($"{spot.Path}: {reason}");
            else
                placed.Add(spot);
        }

        return placed;
    }

    private static string? WhyNot(RequestOutline outline, Spot spot, CacheTtl ttl, int slots)
    {
        if (spot.HasOwn)
            return "has the caller's own breakpoint";
        if (spot.Section == Section.Messages && outline.Automatic is not null)
            return "the caller's automatic caching covers it";
        if (slots <= 0)
            return $"the caller's own breakpoints take all {MaxBreakpoints} slots";
        // Upstream refuses requests with a 5m breakpoint before a 1h one.
        foreach (var own in outline.Own)
        {
            if (ttl == CacheTtl.OneHour && own.Ttl == CacheTtl.FiveMinutes && IsBefore(own, spot))
                return "1h must not come after the caller's own 5m";
            if (ttl == CacheTtl.FiveMinutes && own.Ttl == CacheTtl.OneHour && !IsBefore(own, spot))
                return "5m must not come before the caller's own 1h";
        }

        return ttl == CacheTtl.FiveMinutes && outline.Automatic == CacheTtl.OneHour
            ? "5m must not come before the caller's own 1h"
            : null;
    }

    private static bool IsBefore(OwnBreakpoint own, Spot spot) => (own.Section, own.End).CompareTo((spot.Section, spot.End)) < 0;

    private static ImmutableArray<CacheBreakpoint> Own(RequestOutline outline) => All(outline, [], default);

    private static ImmutableArray<CacheBreakpoint> All(RequestOutline outline, List<Spot> placed, CacheTtl ttl)
    {
        var all = new List<(Section Section, int End, CacheBreakpoint Breakpoint)>(MaxBreakpoints);
        foreach (var own in outline.Own)
            all.Add((own.Section, own.End, new CacheBreakpoint(own.Path, own.Ttl, true)));
        foreach (var spot in placed)
            all.Add((spot.Section, spot.End, new CacheBreakpoint(spot.Path, ttl, false)));
        all.Sort(static (one, other) => (one.Section, one.End).CompareTo((other.Section, other.End)));
        if (outline.Automatic is { } automatic)
            all.Add((default, default, new CacheBreakpoint("cache_control", automatic, true)));
        return [.. all.Select(static at => at.Breakpoint)];
    }
}
