namespace ClawGrpc.Gateway.Status;

/// <summary>
/// A remaining time in one unit, as OpenClaw prints it (openclaw-spec.md, section 7.3, "Short durations"): the one place that
/// formats it. The command line compiles this file too.
/// </summary>
internal static class ShortDuration
{
    /// <summary><c>0m</c> if nothing remains; minutes (at least one) below an hour; hours below two days; else days.</summary>
    public static string Of(TimeSpan remaining)
    {
        if (remaining <= TimeSpan.Zero)
            return "0m";
        var minutes = Math.Max(1, Round(remaining.TotalMinutes));
        if (minutes < 60)
            return $"{minutes}m";

        // Hours are rounded from the rounded minutes, and days from the rounded hours.
        var hours = Round(minutes / 60.0);
        return hours < 48 ? $"{hours}h" : $"{Round(hours / 24.0)}d";
    }

    /// <summary>For how long, at least, the text stays the same as the time runs down; at most a minute.</summary>
    public static TimeSpan HoldsFor(TimeSpan remaining) => remaining - TimeSpan.FromMinutes(Round(remaining.TotalMinutes) - 0.5);

    private static long Round(double value) => (long)Math.Floor(value + 0.5);
}
