using System.Globalization;
using ClawGrpc.Core.Profiles;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Completions;

/// <summary>Times on their way into messages.</summary>
internal static class Timestamps
{
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Unset for what has no time: null, and the end that never comes.</summary>
    public static Timestamp? OrUnset(DateTimeOffset? time) =>
        time is { } known && known < ProfileHealth.Never ? Timestamp.FromDateTimeOffset(known) : null;
}
