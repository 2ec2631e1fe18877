namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// What upstream counted (anthropic-api.md, section 5). All of the input is the sum of the first, third and fourth.
/// </summary>
/// <param name="InputTokens">Input that was neither written to nor read from the cache.</param>
/// <param name="OutputTokens">Output, thinking included.</param>
/// <param name="CacheCreationInputTokens">Input written to the cache.</param>
/// <param name="CacheReadInputTokens">Input read from the cache.</param>
/// <param name="CacheCreation5mInputTokens">Of the input written: for five minutes. Null if upstream did not say.</param>
/// <param name="CacheCreation1hInputTokens">Of the input written: for one hour. Null if upstream did not say.</param>
/// <param name="RawJson">The usage object, all events merged: each member as upstream last sent it.</param>
internal sealed record UsageCount(
    long InputTokens,
    long OutputTokens,
    long CacheCreationInputTokens,
    long CacheReadInputTokens,
    long? CacheCreation5mInputTokens,
    long? CacheCreation1hInputTokens,
    ReadOnlyMemory<byte> RawJson)
{
    /// <summary>Input, output and cache together.</summary>
    public long AllTokens => InputTokens + OutputTokens + CacheCreationInputTokens + CacheReadInputTokens;

    /// <summary>
    /// Reads a usage object. Counters that are absent, null or no whole numbers count nothing; the raw JSON still has them.
    /// </summary>
    /// <param name="json">One valid JSON object.</param>
    public static UsageCount Read(ReadOnlyMemory<byte> json)
    {
        long? input = null, output = null, written = null, read = null, fiveMinutes = null, oneHour = null;
        foreach (var (name, value) in new JsonMembers(json))
        {
            switch (name.Span)
            {
                case var known when known.SequenceEqual("input_tokens"u8):
                    input = Number(value);
                    break;
                case var known when known.SequenceEqual("output_tokens"u8):
                    output = Number(value);
                    break;
                case var known when known.SequenceEqual("cache_creation_input_tokens"u8):
                    written = Number(value);
                    break;
                case var known when known.SequenceEqual("cache_read_input_tokens"u8):
                    read = Number(value);
                    break;
                case var known when known.SequenceEqual("cache_creation"u8):
                    var split = new JsonMembers(Object(value));
                    (fiveMinutes, oneHour) =
                        (Number(split.Find("ephemeral_5m_input_tokens"u8)), Number(split.Find("ephemeral_1h_input_tokens"u8)));
                    break;
            }
        }

        return new UsageCount(input ?? 0, output ?? 0, written ?? 0, read ?? 0, fiveMinutes, oneHour, json);
    }

    private static ReadOnlyMemory<byte> Object(ReadOnlyMemory<byte> value) => value.Span.StartsWith("{"u8) ? value : default;

    internal static long? Number(ReadOnlyMemory<byte> value) =>
        System.Buffers.Text.Utf8Parser.TryParse(value.Span, out long number, out var read) && read == value.Length && number >= 0
            ? number
            : null;
}
