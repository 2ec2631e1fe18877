using System.Globalization;
using ClawGrpc.Core.StateFiles;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Times on their way into messages.</summary>
internal static class Timestamps
{
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// When something happened; unset: it did not. In whole milliseconds, as the profiles' file has it: to be written is no
    /// change.
    /// </summary>
    public static Timestamp? OrUnset(DateTimeOffset? time) =>
        time is { } known ? Timestamp.FromDateTimeOffset(known.AddTicks(-(known.Ticks % TimeSpan.TicksPerMillisecond))) : null;

    /// <summary>
    /// When something ends; unset: there is no end, or it never comes. In whole milliseconds, rounded up as in the profiles'
    /// file.
    /// </summary>
    public static Timestamp? OfEnd(DateTimeOffset? end) =>
        end is { } known && known < ProfileHealth.Never ? OrUnset(known.AddTicks(TimeSpan.TicksPerMillisecond - 1)) : null;
}
