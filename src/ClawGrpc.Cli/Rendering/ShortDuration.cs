namespace ClawGrpc.Cli.Rendering;

/// <summary>A time that remains, in one unit (openclaw-spec.md §7.3, "Short durations").</summary>
internal static class ShortDuration
{
    /// <summary><c>0m</c> when nothing remains; minutes (at least one) below an hour; hours below two days; else days.</summary>
    public static string Of(TimeSpan remaining)
    {
        if (remaining <= TimeSpan.Zero)
            return "0m";
        var minutes = Math.Max(1, Round(remaining.TotalMinutes));
        if (minutes < 60)
            return $"{minutes}m";
        var hours = Round(minutes / 60.0);
        return hours < 48 ? $"{hours}h" : $"{Round(hours / 24.0)}d";
    }

    private static long Round(double value) => (long)Math.Floor(value + 0.5);
}
