using System.Collections.Concurrent;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Gateway.Agents;

/// <summary>A rate-limit window as upstream last stated it; what upstream did not state is null.</summary>
/// <param name="Name">Such as <c>requests</c> or <c>unified-5h</c>.</param>
/// <param name="Seen">When upstream stated it.</param>
internal sealed record RateLimitWindow(string Name, DateTimeOffset Seen)
{
    public long? Limit { get; init; }

    public long? Remaining { get; init; }

    /// <summary>When the window starts anew.</summary>
    public DateTimeOffset? Reset { get; init; }

    /// <summary>Such as <c>allowed</c> or <c>rejected</c>.</summary>
    public string? State { get; init; }

    /// <summary>From 0 to 1, or above if overused.</summary>
    public double? Utilization { get; init; }
}

/// <summary>The rate-limit windows of each profile as upstream last stated them (anthropic-api.md, section 2.3).</summary>
internal sealed class RateLimitLedger
{
    // Longest first: a longer name may end with "status".
    private static readonly string[] Facts = ["utilization", "remaining", "status", "limit", "reset"];
    private readonly ConcurrentDictionary<string, (AnswerHeaders Headers, DateTimeOffset Seen)> _profiles = new();

    public void See(string profileId, AnswerHeaders headers, DateTimeOffset now)
    {
        if (headers.RateLimits.Any())
            _profiles[profileId] = (headers, now);
    }

    /// <summary>By name; empty if upstream has stated none.</summary>
    public IReadOnlyList<RateLimitWindow> Of(string profileId)
    {
        if (!_profiles.TryGetValue(profileId, out var seen))
            return [];
        var windows = new SortedDictionary<string, RateLimitWindow>(StringComparer.Ordinal);
        foreach (var (name, value) in seen.Headers.RateLimits)
        {
            if (Facts.FirstOrDefault(fact => name.EndsWith($"-{fact}", StringComparison.Ordinal)) is not { } fact)
                continue;
            var window = name[..^(fact.Length + 1)];
            windows[window] = With(windows.GetValueOrDefault(window) ?? new RateLimitWindow(window, seen.Seen), fact, value);
        }

        return [.. windows.Values];
    }

    private static RateLimitWindow With(RateLimitWindow window, string fact, string value) => fact switch
    {
        "limit" when AnswerHeaders.Number(value) is { } limit => window with { Limit = (long)limit },
        "remaining" when AnswerHeaders.Number(value) is { } remaining => window with { Remaining = (long)remaining },
        "reset" when AnswerHeaders.Time(value) is { } reset => window with { Reset = reset },
        "status" => window with { State = value },
        "utilization" when AnswerHeaders.Number(value) is { } utilization => window with { Utilization = utilization },
        _ => window,
    };
}
