using System.Collections.Concurrent;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Gateway.Agents;

/// <summary>The rate-limit windows of each profile as upstream last stated them (anthropic-api.md, section 2.3).</summary>
internal sealed class RateLimitLedger
{
    // Longest first, so that "status" does not swallow a longer name that ends with it.
    private static readonly string[] Facts = ["utilization", "remaining", "status", "limit", "reset"];
    private readonly ConcurrentDictionary<string, (AnswerHeaders Headers, DateTimeOffset Seen)> _profiles = new();

    public void See(string profileId, AnswerHeaders headers, DateTimeOffset now)
    {
        if (headers.RateLimits.Any())
            _profiles[profileId] = (headers, now);
    }

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
            if (!windows.TryGetValue(window, out var entry))
                windows[window] = entry = new RateLimitWindow { Name = window, SeenTime = Timestamp.FromDateTimeOffset(seen.Seen) };
            Put(entry, fact, value);
        }

        return [.. windows.Values];
    }

    private static void Put(RateLimitWindow window, string fact, string value)
    {
        switch (fact)
        {
            case "limit" when AnswerHeaders.Number(value) is { } limit:
                window.Limit = (long)limit;
                break;
            case "remaining" when AnswerHeaders.Number(value) is { } remaining:
                window.Remaining = (long)remaining;
                break;
            case "reset" when AnswerHeaders.Time(value) is { } reset:
                window.ResetTime = Timestamp.FromDateTimeOffset(reset);
                break;
            case "status":
                window.State = value;
                break;
            case "utilization" when AnswerHeaders.Number(value) is { } utilization:
                window.Utilization = utilization;
                break;
        }
    }
}
