using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>Usage, cost and rate limits as JSON members, which OpenClaw's status does not have.</summary>
internal static class UsageJson
{
    /// <summary>Writes a member with the sums, unless there was no completion.</summary>
    public static void WriteSummary(Utf8JsonWriter json, string name, UsageSummary? summary)
    {
        if (summary is null || summary.Completions == 0)
            return;
        json.WriteStartObject(name);
        json.WriteNumber("completions", summary.Completions);
        WriteCounts(json, summary.Usage ?? new Usage());
        WriteCost(json, summary.Cost);
        if (summary.UnpricedCompletions > 0)
            json.WriteNumber("unpricedCompletions", summary.UnpricedCompletions);
        json.WriteEndObject();
    }

    /// <summary>Writes the member <c>cost</c>, in dollars, unless it is null.</summary>
    public static void WriteCost(Utf8JsonWriter json, Cost? cost)
    {
        if (cost is null)
            return;
        json.WriteStartObject("cost");
        json.WriteNumber("usd", Words.Usd(cost.TotalNanoUsd));
        json.WriteNumber("inputUsd", Words.Usd(cost.InputNanoUsd));
        json.WriteNumber("outputUsd", Words.Usd(cost.OutputNanoUsd));
        json.WriteNumber("cacheWrite5mUsd", Words.Usd(cost.CacheWrite5MNanoUsd));
        json.WriteNumber("cacheWrite1hUsd", Words.Usd(cost.CacheWrite1HNanoUsd));
        json.WriteNumber("cacheReadUsd", Words.Usd(cost.CacheReadNanoUsd));
        json.WriteNumber("cacheSavedUsd", Words.Usd(cost.CacheSavedNanoUsd));
        json.WriteOptional("unpriced", cost.Unpriced);
        json.WriteOptional("prices", cost.PriceSource);
        json.WriteEndObject();
    }

    /// <summary>Writes the member <c>modelUsage</c> with an object for each model, unless there is none.</summary>
    public static void WriteModels(Utf8JsonWriter json, IReadOnlyCollection<ModelUsage> models)
    {
        if (models.Count == 0)
            return;
        json.WriteStartObject("modelUsage");
        foreach (var model in models)
            WriteSummary(json, model.Model, model.Usage);
        json.WriteEndObject();
    }

    /// <summary>Writes the counts as members of the current object.</summary>
    public static void WriteCounts(Utf8JsonWriter json, Usage usage)
    {
        json.WriteNumber("inputTokens", usage.InputTokens);
        json.WriteNumber("outputTokens", usage.OutputTokens);
        json.WriteNumber("cacheCreationInputTokens", usage.CacheCreationInputTokens);
        json.WriteNumber("cacheReadInputTokens", usage.CacheReadInputTokens);
        if (usage.HasCacheCreation5MInputTokens)
            json.WriteNumber("cacheCreation5mInputTokens", usage.CacheCreation5MInputTokens);
        if (usage.HasCacheCreation1HInputTokens)
            json.WriteNumber("cacheCreation1hInputTokens", usage.CacheCreation1HInputTokens);
    }

    /// <summary>Writes the member <c>rateLimits</c>, unless upstream stated none.</summary>
    public static void WriteRateLimits(Utf8JsonWriter json, IReadOnlyCollection<RateLimitWindow> windows)
    {
        if (windows.Count == 0)
            return;
        json.WriteStartArray("rateLimits");
        foreach (var window in windows)
        {
            json.WriteStartObject();
            json.WriteString("name", window.Name);
            if (window.HasLimit)
                json.WriteNumber("limit", window.Limit);
            if (window.HasRemaining)
                json.WriteNumber("remaining", window.Remaining);
            if (window.ResetTime is { } reset)
                json.WriteNumber("resetAt", Words.Milliseconds(reset));
            json.WriteOptional("state", window.State);
            if (window.HasUtilization)
                json.WriteNumber("utilization", window.Utilization);
            if (window.SeenTime is { } seen)
                json.WriteNumber("seenAt", Words.Milliseconds(seen));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
