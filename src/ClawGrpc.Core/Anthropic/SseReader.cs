using System.Buffers;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// Finds the events in a stream of server-sent events (anthropic-api.md, section 3.1, rule 5), however its bytes are split: LF,
/// CRLF and CR end lines, several <c>data</c> lines are joined by LF, a byte order mark and comments are dropped, and an event
/// without its closing blank line is never returned. Events without data are not returned either. One reader serves one stream.
/// </summary>
/// <param name="maxEventBytes">An event may be at most this long, comments and line ends included.</param>
internal sealed class SseReader(int maxEventBytes = SseReader.DefaultMaxEventBytes) : IDisposable
{
    /// <summary>32 MB: as long as upstream's own limit of a request.</summary>
    public const int DefaultMaxEventBytes = 32 * 1024 * 1024;

    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';

    private byte[] _copied = [];
    private byte[] _joined = [];
    private long _scanned;
    private bool _lineIsEmpty = true;
    private bool _afterCr;
    private bool _begun;

    /// <summary>
    /// Takes the next event from the front of <paramref name="buffer"/>. When there is none, what is left is the beginning of an
    /// event: return it as unconsumed but examined, and call again with more bytes. An event in one piece is not copied.
    /// </summary>
    /// <param name="buffer">The bytes not yet consumed; begins behind the event afterwards.</param>
    /// <param name="read">The event; holds until the next call, and no longer than the buffer.</param>
    /// <exception cref="MalformedAnswerException">An event is longer than the limit.</exception>
    public bool TryReadEvent(ref ReadOnlySequence<byte> buffer, out SseEvent read)
    {
        SkipBlankLines(ref buffer);
        while (TryFindEnd(buffer, out var length))
        {
            var lines = InOnePiece(buffer.Slice(0, length));
            buffer = buffer.Slice(length);
            if (TryReadLines(lines, out read))
                return true;
        }

        read = default;
        return false;
    }

    /// <summary>Gives the reader's own memory back; the last event must not be used any more.</summary>
    public void Dispose()
    {
        Return(ref _copied);
        Return(ref _joined);
    }

    // Blank lines between events mean nothing, and there may be any number of them.
    private void SkipBlankLines(ref ReadOnlySequence<byte> buffer)
    {
        if (_scanned > 0 || !_lineIsEmpty)
            return;
        var blank = buffer.FirstSpan.IndexOfAnyExcept(Lf, Cr);
        if (blank < 0)
            blank = buffer.FirstSpan.Length;
        if (blank == 0)
            return;
        buffer = buffer.Slice(blank);
        (_begun, _afterCr) = (true, false);
    }

    // Remembers its position, so that a long event in small pieces is scanned once and not once per piece.
    private bool TryFindEnd(ReadOnlySequence<byte> buffer, out long length)
    {
        foreach (var segment in buffer.Slice(_scanned))
        {
            var rest = segment.Span;
            while (rest.Length > 0)
            {
                var end = rest.IndexOfAny(Lf, Cr);
                if (end < 0)
                {
                    _scanned += rest.Length;
                    _lineIsEmpty = _afterCr = false;
                    break;
                }

                var partOfCrLf = _afterCr && end == 0 && rest[0] == Lf;
                var blank = _lineIsEmpty && end == 0 && !partOfCrLf;
                _lineIsEmpty = true;
                _afterCr = rest[end] == Cr;
                _scanned += end + 1;
                rest = rest[(end + 1)..];
                if (!blank)
                    continue;
                RefuseTooLong();
                length = _scanned;
                _scanned = 0;
                return true;
            }
        }

        RefuseTooLong();
        length = 0;
        return false;
    }

    private void RefuseTooLong()
    {
        if (_scanned > maxEventBytes)
            throw new MalformedAnswerException($"an event is longer than {maxEventBytes} bytes");
    }

    private ReadOnlyMemory<byte> InOnePiece(ReadOnlySequence<byte> lines)
    {
        if (lines.IsSingleSegment)
            return lines.First;
        var length = (int)lines.Length;
        lines.CopyTo(Room(ref _copied, length));
        return _copied.AsMemory(0, length);
    }

    private bool TryReadLines(ReadOnlyMemory<byte> lines, out SseEvent read)
    {
        ReadOnlyMemory<byte> name = default, data = default;
        var joined = -1;
        var at = SkipByteOrderMark(lines.Span);
        while (at < lines.Length)
        {
            var end = lines.Span[at..].IndexOfAny(Lf, Cr);
            var line = lines.Slice(at, end);
            at += end + 1;
            if (Field(line, "data"u8) is { } value)
            {
                if (joined >= 0 || !data.IsEmpty)
                    value = Join(data, value, lines.Length, ref joined);
                else if (value.IsEmpty)
                    joined = 0;
                data = value;
            }
            else if (Field(line, "event"u8) is { } given)
            {
                name = given;
            }
        }

        read = new SseEvent(name, data);
        return !data.IsEmpty;
    }

    private int SkipByteOrderMark(ReadOnlySpan<byte> lines)
    {
        var skipped = !_begun && lines.StartsWith("\uFEFF"u8) ? 3 : 0;
        _begun = true;
        return skipped;
    }

    // `joined` is the length of the joined text; negative while there is only one line, which needs no copy.
    private ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> value, int atMost, ref int joined)
    {
        var room = Room(ref _joined, atMost);
        if (joined < 0)
            data.Span.CopyTo(room);
        joined = data.Length;
        room[joined++] = Lf;
        value.Span.CopyTo(room.AsSpan(joined));
        joined += value.Length;
        return room.AsMemory(0, joined);
    }

    private static ReadOnlyMemory<byte>? Field(ReadOnlyMemory<byte> line, ReadOnlySpan<byte> name)
    {
        var text = line.Span;
        if (!text.StartsWith(name))
            return null;
        if (text.Length == name.Length)
            return ReadOnlyMemory<byte>.Empty;
        if (text[name.Length] != ':')
            return null;
        var value = line[(name.Length + 1)..];
        return value.Span.StartsWith(" "u8) ? value[1..] : value;
    }

    private static byte[] Room(ref byte[] rented, int length)
    {
        if (rented.Length >= length)
            return rented;
        Return(ref rented);
        return rented = ArrayPool<byte>.Shared.Rent(length);
    }

    private static void Return(ref byte[] rented)
    {
        if (rented.Length > 0)
            ArrayPool<byte>.Shared.Return(rented);
        rented = [];
    }
}
