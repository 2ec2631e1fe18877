using System.Globalization;

namespace ClawGrpc.Testing;

/// <summary>The headers that answers of the API carry (anthropic-api.md 2.3).</summary>
internal static class UsualHeaders
{
    public static IEnumerable<KeyValuePair<string, string>> Of(
        string requestId, Account? account, bool rateLimits, DateTimeOffset now)
    {
        yield return new("request-id", requestId);
        yield return new("anthropic-organization-id", account?.Organization ?? Account.DefaultOrganization);
        if (account is null)
        {
            yield break;
        }

        yield return new("anthropic-workspace-id", account.Workspace);
        if (rateLimits)
        {
            foreach (var header in account.Plan ? PlanLimits(now) : ApiLimits(now))
            {
                yield return header;
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> ApiLimits(DateTimeOffset now)
    {
        var reset = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        foreach (var (name, limit, remaining) in new[]
        {
            ("requests", "4000", "3999"),
            ("tokens", "2400000", "2399000"),
            ("input-tokens", "2000000", "1999000"),
            ("output-tokens", "400000", "400000"),
        })
        {
            yield return new($"anthropic-ratelimit-{name}-limit", limit);
            yield return new($"anthropic-ratelimit-{name}-remaining", remaining);
            yield return new($"anthropic-ratelimit-{name}-reset", reset);
        }
    }

    // Subscription logins get the unified family instead; its resets are unix seconds.
    private static IEnumerable<KeyValuePair<string, string>> PlanLimits(DateTimeOffset now)
    {
        const string Prefix = "anthropic-ratelimit-unified-";
        yield return new(Prefix + "status", "allowed");
        foreach (var (window, length) in new[] { ("5h", TimeSpan.FromHours(5)), ("7d", TimeSpan.FromDays(7)) })
        {
            yield return new(Prefix + window + "-status", "allowed");
            yield return new(Prefix + window + "-reset", EndOfWindow(now, length).ToString(CultureInfo.InvariantCulture));
            yield return new(Prefix + window + "-utilization", "0.0");
        }

        yield return new(Prefix + "representative-claim", "five_hour");
        yield return new(Prefix + "reset", EndOfWindow(now, TimeSpan.FromHours(5)).ToString(CultureInfo.InvariantCulture));
        yield return new(Prefix + "fallback", "available");
        yield return new(Prefix + "fallback-percentage", "0.5");
    }

    private static long EndOfWindow(DateTimeOffset now, TimeSpan length)
    {
        var seconds = (long)length.TotalSeconds;
        return ((now.ToUnixTimeSeconds() / seconds) + 1) * seconds;
    }
}
