using System.Buffers;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// The delta of a text, an input, a thinking or a signature as upstream writes it, byte for byte. Nearly all events of an answer
/// are such deltas, and comparing bytes takes a fifth of the time of parsing. Events in any other form are parsed.
/// </summary>
internal static class PlainDelta
{
    private const int MostDigits = 5;

    // Bytes that end a string, begin an escape or may not be in a string.
    private static readonly SearchValues<byte> Ends =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    /// <summary>The event; false if it is none of these or may be malformed.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> data, out StreamEvent delta)
    {
        var json = data.Span;
        delta = default;
        var at = 0;
        if (!Skip(json, ref at, "{\"type\":\"content_block_delta\",\"index\":"u8) || !TryReadIndex(json, ref at, out var index)
            || !Skip(json, ref at, ",\"delta\":"u8))
        {
            return false;
        }

        var part = at;
        if (!Skip(json, ref at, "{\"type\":\""u8) || KindOf(json, ref at) is not { } kind)
            return false;
        var text = at;
        if (!TryFindQuote(json, ref at))
            return false;
        var end = at;
        if (!Skip(json, ref at, "\"}"u8))
            return false;
        var partEnd = at;

        // Upstream pads events with spaces here, so that their length does not reveal that of the text.
        if (json[at..].Trim((byte)' ') is not [(byte)'}'])
            return false;
        delta = new StreamEvent(data)
        {
            Kind = StreamEventKind.BlockDelta,
            Index = index,
            Delta = kind,
            Part = data[part..partEnd],
            Text = data[text..end],
            IsPlain = true,
        };
        return true;
    }

    private static DeltaKind? KindOf(ReadOnlySpan<byte> json, ref int at) =>
        Skip(json, ref at, "text_delta\",\"text\":\""u8) ? DeltaKind.Text
        : Skip(json, ref at, "input_json_delta\",\"partial_json\":\""u8) ? DeltaKind.InputJson
        : Skip(json, ref at, "thinking_delta\",\"thinking\":\""u8) ? DeltaKind.Thinking
        : Skip(json, ref at, "signature_delta\",\"signature\":\""u8) ? DeltaKind.Signature
        : null;

    private static bool Skip(ReadOnlySpan<byte> json, ref int at, ReadOnlySpan<byte> expected)
    {
        if (!json[at..].StartsWith(expected))
            return false;
        at += expected.Length;
        return true;
    }

    private static bool TryReadIndex(ReadOnlySpan<byte> json, ref int at, out int index)
    {
        index = 0;
        var first = at;
        while (at < json.Length && at - first < MostDigits && json[at] is >= (byte)'0' and <= (byte)'9')
            index = index * 10 + json[at++] - '0';
        return at > first && (json[first] != '0' || at == first + 1);
    }

    // Leaves \u escapes to the JSON reader.
    private static bool TryFindQuote(ReadOnlySpan<byte> json, ref int at)
    {
        while (json[at..].IndexOfAny(Ends) is var found and >= 0)
        {
            at += found;
            if (json[at] == '"')
                return true;
            if (at + 1 >= json.Length || json[at] != '\\' || !"\"\\/bfnrt"u8.Contains(json[at + 1]))
                return false;
            at += 2;
        }

        return false;
    }
}
