
namespace ClawGrpc.Core.Anthropic;

/// <summary>Writes a breakpoint into a request.</summary>
internal static class Marker
{
    private static ReadOnlySpan<byte> FiveMinutes => """{"type":"ephemeral"}"""u8;

    private static ReadOnlySpan<byte> OneHour => """{"type":"ephemeral","ttl":"1h"}"""u8;

    /// <summary>
    /// The edit that marks the block. Five minutes are what upstream takes a breakpoint without ttl for, and what OpenClaw sends.
    /// </summary>
    public static BodyEdit Edit(ReadOnlyMemory<byte> json, Spot spot, CacheTtl ttl)
    {
        var marker = ttl == CacheTtl.OneHour ? OneHour : FiveMinutes;
        if (spot.IsString)
            return new BodyEdit(spot.Start, spot.End, TextBlock(json.Span[spot.Start..spot.End], marker));
        if (spot.Null.End > 0)
            return new BodyEdit(spot.Null.Start, spot.Null.End, marker.ToArray());

        // Inserts after the last member, so that the white space before the brace stays in place.
        var members = json.Span[spot.Start..(spot.End - 1)].TrimEnd(" \t\r\n"u8);
        var at = spot.Start + members.Length;
        var comma = members.Length > 1 ? ","u8 : ""u8;
        return new BodyEdit(at, at, (byte[])[.. comma, .. "\"cache_control\":"u8, .. marker]);
    }

    private static byte[] TextBlock(ReadOnlySpan<byte> text, ReadOnlySpan<byte> marker) =>
        [.. "[{\"type\":\"text\",\"text\":"u8, .. text, .. ",\"cache_control\":"u8, .. marker, .. "}]"u8];
}
