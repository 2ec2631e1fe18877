using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// The text of JSON strings between the quotes, escapes included. Pieces of one text are joined in this form:
/// nothing is decoded on the way, and the two halves of a surrogate pair that came in different events meet again.
/// </summary>
internal static class JsonText
{
    /// <summary>JSON nests at most this deep, from either side; deeper is refused and not followed.</summary>
    public const int MaxDepth = 512;

    internal static JsonReaderOptions Options => new() { MaxDepth = MaxDepth };

    /// <summary>
    /// The text as a string. False when an escape names half a surrogate pair, which no protobuf string can hold: the JSON itself
    /// must be handed on then.
    /// </summary>
    /// <param name="escaped">The bytes between the quotes; valid JSON.</param>
    public static bool TryDecode(ReadOnlySpan<byte> escaped, [NotNullWhen(true)] out string? text)
    {
        if (!escaped.Contains((byte)'\\'))
        {
            text = Encoding.UTF8.GetString(escaped);
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(escaped.Length);
        var whole = TryDecode(escaped, buffer, out var written);
        text = whole ? Encoding.UTF8.GetString(buffer, 0, written) : null;
        ArrayPool<byte>.Shared.Return(buffer);
        return whole;
    }

    /// <summary>The text as a string; half a surrogate pair becomes U+FFFD.</summary>
    /// <param name="escaped">The bytes between the quotes; valid JSON.</param>
    public static string Decode(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(escaped);
        var buffer = ArrayPool<byte>.Shared.Rent(escaped.Length);
        TryDecode(escaped, buffer, out var written);
        var text = Encoding.UTF8.GetString(buffer, 0, written);
        ArrayPool<byte>.Shared.Return(buffer);
        return text;
    }

    /// <summary>
    /// Whether the reader is at a name or string of this text. The reader's own comparison throws on half a surrogate pair, which
    /// is valid JSON.
    /// </summary>
    internal static bool Is(this in Utf8JsonReader reader, ReadOnlySpan<byte> text) =>
        reader.ValueIsEscaped ? IsEscaped(reader.ValueSpan, text) : reader.ValueSpan.SequenceEqual(text);

    /// <summary>Decodes to UTF-8.</summary>
    /// <param name="escaped">The bytes between the quotes; valid JSON.</param>
    /// <param name="destination">At least as long as <paramref name="escaped"/>.</param>
    /// <param name="written">How much of the destination the text takes.</param>
    /// <returns>False when half a surrogate pair had to become U+FFFD.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> escaped, Span<byte> destination, out int written)
    {
        var whole = true;
        written = 0;
        while (escaped.Length > 0)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0)
                plain = escaped.Length;
            escaped[..plain].CopyTo(destination[written..]);
            written += plain;
            escaped = escaped[plain..];
            if (escaped.Length < 2)
                break;
            if (escaped[1] != 'u')
            {
                destination[written++] = Short(escaped[1]);
                escaped = escaped[2..];
                continue;
            }

            // Six bytes of escape decode to at most three bytes of UTF-8, twelve to at most four: decoding never grows the text.
            var rune = Unicode(escaped, out var length);
            whole &= rune != Rune.ReplacementChar || length == 6 && CodeUnit(escaped) == 0xFFFD;
            written += rune.EncodeToUtf8(destination[written..]);
            escaped = escaped[length..];
        }

        return whole;
    }

    private static bool IsEscaped(ReadOnlySpan<byte> escaped, ReadOnlySpan<byte> text)
    {
        // Six bytes of escape decode to at least one byte, so anything longer cannot match.
        if (escaped.Length > text.Length * 6)
            return false;
        Span<byte> decoded = stackalloc byte[escaped.Length];
        TryDecode(escaped, decoded, out var written);
        return decoded[..written].SequenceEqual(text);
    }

    private static byte Short(byte letter) => letter switch
    {
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        _ => letter,
    };

    private static Rune Unicode(ReadOnlySpan<byte> escaped, out int length)
    {
        length = 6;
        var first = CodeUnit(escaped);
        if (Rune.TryCreate(first, out var rune))
            return rune;
        if (escaped.Length < 12 || escaped[6] != '\\' || escaped[7] != 'u'
            || !Rune.TryCreate(first, CodeUnit(escaped[6..]), out rune))
        {
            return Rune.ReplacementChar;
        }
        length = 12;
        return rune;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        foreach (var digit in escape.Slice(2, 4))
            unit = (unit << 4) | Hex(digit);
        return (char)unit;
    }

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
