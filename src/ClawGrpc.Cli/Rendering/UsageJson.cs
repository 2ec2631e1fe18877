using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>Usage and rate limits as JSON: ClawGrpc's own additions to the status.</summary>
internal static class UsageJson
{
    /// <summary>A member with the sums; left out when nothing was completed.</summary>
    public static void WriteSummary(Utf8JsonWriter json, string name, UsageSummary? summary)
    {
        if (summary is null || summary.Completions == 0) return;
        json.WriteStartObject(name);
        json.WriteNumber("completions", summary.Completions);
        WriteCounts(json, summary.Usage ?? new Usage());
        json.WriteEndObject();
    }

    /// <summary>The counts, as members of the object that is open.</summary>
    public static void WriteCounts(Utf8JsonWriter json, Usage usage)
    {
        json.WriteNumber("inputTokens", usage.InputTokens);
        json.WriteNumber("outputTokens", usage.OutputTokens);
        json.WriteNumber("cacheCreationInputTokens", usage.CacheCreationInputTokens);
        json.WriteNumber("cacheReadInputTokens", usage.CacheReadInputTokens);
        if (usage.HasCacheCreation5MInputTokens) json.WriteNumber("cacheCreation5mInputTokens", usage.CacheCreation5MInputTokens);
        if (usage.HasCacheCreation1HInputTokens) json.WriteNumber("cacheCreation1hInputTokens", usage.CacheCreation1HInputTokens);
    }

    /// <summary>A member <c>rateLimits</c>; left out when upstream stated none.</summary>
    public static void WriteRateLimits(Utf8JsonWriter json, IReadOnlyCollection<RateLimitWindow> windows)
    {
        if (windows.Count == 0) return;
        json.WriteStartArray("rateLimits");
        foreach (var window in windows)
        {
            json.WriteStartObject();
            json.WriteString("name", window.Name);
            if (window.HasLimit) json.WriteNumber("limit", window.Limit);
            if (window.HasRemaining) json.WriteNumber("remaining", window.Remaining);
            if (window.ResetTime is { } reset) json.WriteNumber("resetAt", Words.Milliseconds(reset));
            json.WriteOptional("state", window.State);
            if (window.HasUtilization) json.WriteNumber("utilization", window.Utilization);
            if (window.SeenTime is { } seen) json.WriteNumber("seenAt", Words.Milliseconds(seen));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
