using System.Globalization;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// The headers of an answer that decide what it means (anthropic-api.md, section 2.3). Names are compared without case.
/// </summary>
internal sealed class AnswerHeaders
{
    private const string RateLimitPrefix = "anthropic-ratelimit-";
    private static readonly string[] Windows = ["requests", "tokens", "input-tokens", "output-tokens"];
    private readonly Dictionary<string, string> _values;

    private AnswerHeaders(Dictionary<string, string> values) => _values = values;

    /// <summary>No header at all.</summary>
    public static AnswerHeaders None { get; } = Of([]);

    /// <summary>Holds these headers; of one that came twice, the last.</summary>
    public static AnswerHeaders Of(IEnumerable<KeyValuePair<string, string>> headers)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
            values[name] = value;
        return new AnswerHeaders(values);
    }

    /// <summary>Whether a header of this name may decide anything; the others need not be kept.</summary>
    /// <param name="name">In any case.</param>
    public static bool Counts(string name) =>
        name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("retry-after", StringComparison.OrdinalIgnoreCase)
        || name.Equals("request-id", StringComparison.OrdinalIgnoreCase)
        || name.Equals("x-should-retry", StringComparison.OrdinalIgnoreCase);

    /// <summary>The value; null if the header did not come.</summary>
    /// <param name="name">In any case.</param>
    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>Every <c>anthropic-ratelimit-*</c> header, without the prefix.</summary>
    public IEnumerable<KeyValuePair<string, string>> RateLimits => _values
        .Where(pair => pair.Key.StartsWith(RateLimitPrefix, StringComparison.OrdinalIgnoreCase))
        .Select(pair => KeyValuePair.Create(pair.Key[RateLimitPrefix.Length..].ToLowerInvariant(), pair.Value));

    /// <summary>
    /// When a repeat may succeed: <c>retry-after-ms</c>, else <c>retry-after</c> in seconds or as a date. One without a wait,
    /// such as zero, is ignored in favor of the other, as in the official SDK (anthropic-api.md, section 7). Null if not stated,
    /// or in an unknown form. Use it for errors only: recorded answers with status 200 have it too.
    /// </summary>
    public DateTimeOffset? RetryAfter(DateTimeOffset now)
    {
        if (Number(this["retry-after-ms"]) is { } milliseconds && Later(now, milliseconds / 1000) is { } exact)
            return exact;
        if (this["retry-after"] is not { } text)
            return null;
        if (Number(text) is { } seconds)
            return Later(now, seconds);
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            && date > now
            ? date : null;
    }

    /// <summary>The latest reset of the windows that have nothing remaining; null if there is none.</summary>
    public DateTimeOffset? ExhaustedUntil(DateTimeOffset now) => Windows
        .Where(window => Number(this[$"{RateLimitPrefix}{window}-remaining"]) is 0)
        .Select(window => Time(this[$"{RateLimitPrefix}{window}-reset"]))
        .Where(reset => reset > now)
        .Max();

    /// <summary>
    /// A time as these headers write it: RFC 3339, or Unix seconds in the unified family. Null if neither, or not after 1970.
    /// </summary>
    /// <param name="text">The value of a header; null gives null.</param>
    public static DateTimeOffset? Time(string? text)
    {
        if (Number(text) is { } seconds)
            return seconds is > 0 and < 253_402_300_799 ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }

    /// <summary>A finite number; null if there is none.</summary>
    /// <param name="text">The value of a header; null gives null.</param>
    public static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;

    private static DateTimeOffset? Later(DateTimeOffset now, double seconds) =>
        seconds > 0 && seconds <= int.MaxValue ? now.AddSeconds(seconds) : null;
}
