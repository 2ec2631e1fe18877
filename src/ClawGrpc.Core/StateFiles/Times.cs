namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Times in a store's file: milliseconds since 1970. Ends are compared as <c>now &lt; end</c>, so a fraction of a millisecond is
/// rounded up; other times are rounded down. Times past <see cref="ProfileHealth.Never"/> are that.
/// </summary>
internal static class Times
{
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Latest = ProfileHealth.Never.ToUnixTimeMilliseconds();

    /// <summary>An end; null if zero, negative, infinite or not a number, which all mean that there is none.</summary>
    public static DateTimeOffset? End(JsonTree? value) => Positive(value) is { } number ? At(Math.Ceiling(number)) : null;

    /// <summary>An end of which zero and negative numbers mean that it is long past; null if infinite or not a number.</summary>
    public static DateTimeOffset? EndOrPast(JsonTree? value) =>
        value is JsonNumber { Value: var number } && double.IsFinite(number)
            ? At(Math.Ceiling(Math.Max(Earliest, number)))
            : null;

    /// <summary>A time at which something happened; null if unknown.</summary>
    public static DateTimeOffset? Past(JsonTree? value) => Positive(value) is { } number ? At(Math.Floor(number)) : null;

    public static JsonTree? OfEnd(DateTimeOffset? end)
    {
        if (end is not { } time)
            return null;
        var milliseconds = time.ToUnixTimeMilliseconds();
        var isWhole = time.UtcTicks % TimeSpan.TicksPerMillisecond == 0;
        return JsonTree.Of(isWhole || milliseconds == Latest ? milliseconds : milliseconds + 1);
    }

    public static JsonTree? OfPast(DateTimeOffset? past) => past is { } time ? JsonTree.Of(time.ToUnixTimeMilliseconds()) : null;

    private static double? Positive(JsonTree? value) =>
        value is JsonNumber { Value: > 0 and var number } && double.IsFinite(number) ? number : null;

    private static DateTimeOffset At(double milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds < Latest ? (long)milliseconds : Latest);
}
