using System.Globalization;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Pricing;

/// <summary>
/// What usage costs by list prices, in billionths of a US dollar (anthropic-api.md, section 5). What has no price is named and
/// not in the amounts: nothing is guessed.
/// </summary>
internal sealed record Cost
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

    /// <summary>
    /// How much more the same would have cost without a cache; negative when writing cost more than reading saved.
    /// </summary>
    public long CacheSaved { get; init; }

    /// <summary>What has no price, in words; empty if everything has.</summary>
    public string Unpriced { get; init; } = "";

    /// <summary>Where the prices are from; empty if none was used, or of several sources.</summary>
    public string Source { get; init; } = "";

    /// <summary>All of it.</summary>
    public long Total => Input + Output + CacheWrite5m + CacheWrite1h + CacheRead;

    /// <summary>The cost of an answer, whole or not.</summary>
    /// <param name="usage">What upstream counted.</param>
    /// <param name="model">The model that served, as upstream names it.</param>
    /// <param name="asked">The model that was asked for.</param>
    /// <param name="asksOneHour">
    /// Whether a breakpoint of the request asked for one hour: all writes are for five minutes otherwise.
    /// </param>
    public static Cost Of(UsageCount usage, string model, string asked, bool asksOneHour, Prices prices)
    {
        var notes = new List<string>();
        var terms = Terms.Of(usage.RawJson, notes, out var iterations);

        // Answers of several turns count each turn, and the counters at the top omit some (section 5): compaction, advisor,
        // upstream's own fallback.
        Cost? sum = null;
        var isMixed = false;
        foreach (var turn in new JsonItems(iterations))
        {
            var name = FoldedMessage.Text(new JsonMembers(turn).Find("model"u8));
            var line = Line(UsageCount.Read(turn), name.Length > 0 ? name : model, asked, asksOneHour, terms, prices, notes);
            isMixed |= sum is not null && sum.Source.Length > 0 && line.Source.Length > 0 && sum.Source != line.Source;
            sum = sum is null ? line : sum.Plus(line);
        }

        sum ??= Line(usage, model, asked, asksOneHour, terms, prices, notes);
        return notes.Count == 0 && !isMixed
            ? sum
            : sum with { Unpriced = string.Join("; ", notes.Distinct()), Source = isMixed ? "" : sum.Source };
    }

    /// <summary>The sum of the amounts, with the source of the first that has one.</summary>
    public Cost Plus(Cost other) => new()
    {
        Input = Input + other.Input,
        Output = Output + other.Output,
        CacheWrite5m = CacheWrite5m + other.CacheWrite5m,
        CacheWrite1h = CacheWrite1h + other.CacheWrite1h,
        CacheRead = CacheRead + other.CacheRead,
        CacheSaved = CacheSaved + other.CacheSaved,
        Source = Source.Length > 0 ? Source : other.Source,
    };

    private static Cost Line(
        UsageCount usage, string model, string asked, bool asksOneHour, Terms? terms, Prices prices, List<string> notes)
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

    // Upstream may not state the retention of all that it wrote.
    private static (long FiveMinutes, long OneHour) Writes(UsageCount usage, bool asksOneHour, List<string> notes)
    {
        var (short5m, long1h) = (usage.CacheCreation5mInputTokens ?? 0, usage.CacheCreation1hInputTokens ?? 0);
        var rest = Math.Max(0, usage.CacheCreationInputTokens - short5m - long1h);
        if (rest == 0 || !asksOneHour)
            return (short5m + rest, long1h);
        notes.Add(string.Create(
            CultureInfo.InvariantCulture, $"{rest} tokens written to the cache for a time that upstream did not say"));
        return (short5m, long1h);
    }

    /// <summary>What holds for all of an answer: its speed, and a factor.</summary>
    private sealed record Terms(bool IsFast, int Numerator, int Denominator)
    {
        /// <summary>Null if nothing of the answer has a price.</summary>
        public static Terms? Of(ReadOnlyMemory<byte> usage, List<string> notes, out ReadOnlyMemory<byte> iterations)
        {
            ReadOnlyMemory<byte> tier = default, geography = default, speed = default, tools = default;
            iterations = default;
            foreach (var (name, value) in new JsonMembers(usage))
            {
                switch (name.Span)
                {
                    case var known when known.SequenceEqual("service_tier"u8):
                        tier = value;
                        break;
                    case var known when known.SequenceEqual("inference_geo"u8):
                        geography = value;
                        break;
                    case var known when known.SequenceEqual("speed"u8):
                        speed = value;
                        break;
                    case var known when known.SequenceEqual("server_tool_use"u8):
                        tools = value;
                        break;
                    case var known when known.SequenceEqual("iterations"u8):
                        iterations = value;
                        break;
                }
            }

            var searches = UsageCount.Number(new JsonMembers(tools).Find("web_search_requests"u8)) ?? 0;
            if (searches > 0)
            {
                notes.Add(string.Create(
                    CultureInfo.InvariantCulture, $"no price for {searches} web search{(searches == 1 ? "" : "es")}"));
            }
            var before = notes.Count;
            if (!Is(tier, ""u8) && !Is(tier, "standard"u8) && !Is(tier, "batch"u8))
                notes.Add($"no price for service tier {FoldedMessage.Text(tier)}");
            if (!Is(geography, ""u8) && !Is(geography, "global"u8) && !Is(geography, "not_available"u8) && !Is(geography, "us"u8))
                notes.Add($"no price for inference in {FoldedMessage.Text(geography)}");
            if (!Is(speed, ""u8) && !Is(speed, "standard"u8) && !Is(speed, "fast"u8))
                notes.Add($"no price for speed {FoldedMessage.Text(speed)}");
            return notes.Count > before
                ? null
                : new Terms(Is(speed, "fast"u8), Is(geography, "us"u8) ? 11 : 10, Is(tier, "batch"u8) ? 20 : 10);
        }

        /// <summary>Trillionths as billionths, rounded to the nearest.</summary>
        public long Amount(Int128 trillionths)
        {
            var (value, unit) = (trillionths * Numerator, (Int128)Denominator * PerNano);
            return (long)((value + (value < 0 ? -unit : unit) / 2) / unit);
        }

        // Treats anything but a string as empty.
        private static bool Is(ReadOnlyMemory<byte> value, ReadOnlySpan<byte> text) =>
            (value.Span.StartsWith("\""u8) ? value.Span[1..^1] : default).SequenceEqual(text);
    }
}
