using System.Globalization;
using System.Text.RegularExpressions;

namespace ClawGrpc.Cli.Input;

/// <summary>Durations in options, such as <c>365d</c>, <c>12h</c>, <c>1.5h</c> or <c>90</c> (openclaw-spec.md, section 3.3,
/// "Duration").</summary>
internal static partial class DurationText
{
    // The range of google.protobuf.Duration: ten thousand years.
    private const double MostMilliseconds = 315_576_000_000_000;

    /// <summary>Parses a duration; a number without a unit is days.</summary>
    /// <exception cref="FormatException">The text is not a duration; the message is OpenClaw's, without a prefix.</exception>
    public static TimeSpan Parse(string raw)
    {
        var text = raw.Trim().ToLowerInvariant();
        if (text.Length == 0)
            throw new FormatException("invalid duration (empty)");
        var match = Shape().Match(text);
        if (!match.Success)
            throw new FormatException($"invalid duration: {raw}");
        var number = double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var milliseconds = number * MillisecondsOf(match.Groups[2].Value);
        if (milliseconds > MostMilliseconds)
            throw new FormatException($"invalid duration: {raw}");
        return TimeSpan.FromMilliseconds((long)Math.Floor(milliseconds + 0.5));
    }

    /// <summary>
    /// Parses an optional duration; null if it is absent or blank (openclaw-spec.md, section 3.3). Zero is valid.
    /// </summary>
    /// <exception cref="FormatException">The text is not a duration.</exception>
    public static TimeSpan? ParseOptional(string? raw)
    {
        if (string.IsNullOrWhiteSpace(raw))
            return null;
        return Parse(raw.Trim());
    }

    private static double MillisecondsOf(string unit) => unit switch
    {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 86_400_000,
    };

    [GeneratedRegex(@"^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)?$")]
    private static partial Regex Shape();
}
