using System.Globalization;
using ClawGrpc.Core.Messages;

namespace ClawGrpc.Core.Pricing;

/// <summary>
/// What usage costs by list prices, in billionths of a US dollar (anthropic-api.md, section 5). What has no price is named and not in the
/// amounts: nothing is guessed.
/// </summary>
public sealed record Cost
{
    private const int PerNano = 1000;

    /// <summary>Input that was neither written to nor read from the cache.</summary>
    public long Input { get; init; }

    /// <summary>Output.</summary>
    public long Output { get; init; }

    /// <summary>Input written to the cache for five minutes.</summary>
    public long CacheWrite5m { get; init; }

    /// <summary>Input written to the cache for one hour.</summary>
    public long CacheWrite1h { get; init; }

    /// <summary>Input read from the cache.</summary>
    public long CacheRead { get; init; }

    /// <summary>How much more the same would have cost without a cache; negative when writing cost more than reading saved.</summary>
    public long CacheSaved { get; init; }

    /// <summary>What has no price, in words; empty: everything has.</summary>
    public string Unpriced { get; init; } = "";

    /// <summary>Where the prices are from; empty: none was used, or of several sources.</summary>
    public string Source { get; init; } = "";

    /// <summary>All of it.</summary>
    public long Total => Input + Output + CacheWrite5m + CacheWrite1h + CacheRead;

    /// <summary>The cost of an answer, whole or not.</summary>
    /// <param name="usage">What upstream counted.</param>
    /// <param name="model">The model that served, as upstream names it.</param>
    /// <param name="asked">The model that was asked for.</param>
    /// <param name="asksOneHour">Whether a breakpoint of the request asked for one hour: all writes are for five minutes otherwise.</param>
    /// <param name="prices">The prices.</param>
    public static Cost Of(UsageCount usage, string model, string asked, bool asksOneHour, Prices prices)
    {
        var members = new JsonMembers(usage.RawJson);
        var notes = new List<string>();
        var terms = Terms.Of(members, notes);

        // An answer of several turns has counters for each, and those at the top leave some of them out (section 5): compaction, advisor,
        // upstream's own fallback.
        var lines = new List<Cost>();
        foreach (var turn in new JsonItems(members.Find("iterations"u8)))
        {
            var name = FoldedMessage.Text(new JsonMembers(turn).Find("model"u8));
            lines.Add(Line(UsageCount.Read(turn), name.Length > 0 ? name : model, asked, asksOneHour, terms, prices, notes));
        }

        if (lines.Count == 0)
            lines.Add(Line(usage, model, asked, asksOneHour, terms, prices, notes));
        var sources = lines.Select(line => line.Source).Where(source => source.Length > 0).Distinct().ToList();
        return new Cost
        {
            Input = lines.Sum(line => line.Input),
            Output = lines.Sum(line => line.Output),
            CacheWrite5m = lines.Sum(line => line.CacheWrite5m),
            CacheWrite1h = lines.Sum(line => line.CacheWrite1h),
            CacheRead = lines.Sum(line => line.CacheRead),
            CacheSaved = lines.Sum(line => line.CacheSaved),
            Unpriced = string.Join("; ", notes.Distinct()),
            Source = sources is [var only] ? only : "",
        };
    }

    private static Cost Line(UsageCount usage, string model, string asked, bool asksOneHour, Terms? terms, Prices prices, List<string> notes)
    {
        if (terms is null)
            return new Cost();
        var price = prices.Find(model, asked);
        if (price is not null && terms.IsFast)
            price = price.Fast;
        var prompt = usage.InputTokens + usage.CacheCreationInputTokens + usage.CacheReadInputTokens;
        if (price?.LongPrompt is { } longest && prompt > longest)
            price = price.Long;
        if (price is null)
        {
            notes.Add(terms.IsFast ? $"no price for {model} at speed fast" : $"no price for {model}");
            return new Cost();
        }

        var (short5m, long1h) = Writes(usage, asksOneHour, notes);
        var read = usage.CacheReadInputTokens;
        if (read > 0 && price.CacheRead is null)
            notes.Add($"no price for cache reads of {model}");
        var readPrice = price.CacheRead ?? price.Input;
        return new Cost
        {
            Input = terms.Amount((Int128)usage.InputTokens * price.Input),
            Output = terms.Amount((Int128)usage.OutputTokens * price.Output),
            CacheWrite5m = terms.Amount((Int128)short5m * price.CacheWrite5m),
            CacheWrite1h = terms.Amount((Int128)long1h * price.CacheWrite1h),
            CacheRead = price.CacheRead is { } known ? terms.Amount((Int128)read * known) : 0,
            CacheSaved = terms.Amount((Int128)read * (price.Input - readPrice)
                - (Int128)short5m * (price.CacheWrite5m - price.Input) - (Int128)long1h * (price.CacheWrite1h - price.Input)),
            Source = price.Source,
        };
    }

    // Upstream does not always say for how long it wrote, or only for a part of it.
    private static (long FiveMinutes, long OneHour) Writes(UsageCount usage, bool asksOneHour, List<string> notes)
    {
        var (short5m, long1h) = (usage.CacheCreation5mInputTokens ?? 0, usage.CacheCreation1hInputTokens ?? 0);
        var rest = Math.Max(0, usage.CacheCreationInputTokens - short5m - long1h);
        if (rest == 0 || !asksOneHour)
            return (short5m + rest, long1h);
        notes.Add(string.Create(CultureInfo.InvariantCulture, $"{rest} tokens written to the cache for a time that upstream did not say"));
        return (short5m, long1h);
    }

    /// <summary>What holds for all of an answer: its speed, and a factor.</summary>
    private sealed record Terms(bool IsFast, int Numerator, int Denominator)
    {
        /// <summary>Null: nothing of the answer has a price.</summary>
        public static Terms? Of(JsonMembers usage, List<string> notes)
        {
            var (tier, geography, speed) = (Text(usage, "service_tier"u8), Text(usage, "inference_geo"u8), Text(usage, "speed"u8));
            var searches = UsageCount.Number(new JsonMembers(usage.Find("server_tool_use"u8)).Find("web_search_requests"u8)) ?? 0;
            if (searches > 0)
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"no price for {searches} web search{(searches == 1 ? "" : "es")}"));
            var before = notes.Count;
            if (tier is not ("" or "standard" or "batch"))
                notes.Add($"no price for service tier {tier}");
            if (geography is not ("" or "global" or "not_available" or "us"))
                notes.Add($"no price for inference in {geography}");
            if (speed is not ("" or "standard" or "fast"))
                notes.Add($"no price for speed {speed}");
            return notes.Count > before ? null : new Terms(speed == "fast", geography == "us" ? 11 : 10, tier == "batch" ? 20 : 10);
        }

        /// <summary>Trillionths as billionths, rounded to the nearest.</summary>
        public long Amount(Int128 trillionths)
        {
            var (value, unit) = (trillionths * Numerator, (Int128)Denominator * PerNano);
            return (long)((value + (value < 0 ? -unit : unit) / 2) / unit);
        }

        private static string Text(JsonMembers usage, ReadOnlySpan<byte> name) => FoldedMessage.Text(usage.Find(name));
    }
}
