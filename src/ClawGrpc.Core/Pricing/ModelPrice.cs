namespace ClawGrpc.Core.Pricing;

/// <summary>
/// What a model's tokens cost, each in trillionths of a US dollar: a price of $1 per million tokens is 1,000,000. Whole numbers,
/// so that no sum drifts. Null if there is no price for it.
/// </summary>
/// <param name="Source">Where the price is from: the date of a table, or <c>configuration</c>.</param>
/// <param name="Input">Input that is neither written to nor read from the cache.</param>
/// <param name="Output">Output, thinking included.</param>
internal sealed record ModelPrice(string Source, long Input, long Output)
{
    /// <summary>
    /// Input written to the cache for five minutes; a quarter more than input, unless said otherwise (anthropic-api.md, section
    /// 5).
    /// </summary>
    public long CacheWrite5m { get; init; } = Input + Input / 4;

    /// <summary>Input written to the cache for one hour; twice as much as input, unless said otherwise (section 5).</summary>
    public long CacheWrite1h { get; init; } = 2 * Input;

    /// <summary>Input read from the cache. No rule holds for all models (section 0): null if unknown.</summary>
    public long? CacheRead { get; init; }

    /// <summary>
    /// From which length of the prompt on, in tokens, <see cref="Long"/> holds for the whole request; null if never.
    /// </summary>
    public long? LongPrompt { get; init; }

    /// <summary>The price of requests whose prompt is longer than <see cref="LongPrompt"/>.</summary>
    public ModelPrice? Long { get; init; }

    /// <summary>The price of answers at <c>speed: fast</c>; null if there is none.</summary>
    public ModelPrice? Fast { get; init; }

    /// <summary>Trillionths of a dollar for a token, from dollars for a million tokens; finer ones are rounded.</summary>
    /// <param name="dollarsPerMillion">From 0, below a million.</param>
    public static long PerToken(decimal dollarsPerMillion) =>
        (long)decimal.Round(dollarsPerMillion * 1_000_000m, MidpointRounding.AwayFromZero);
}
