using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Unicode;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc;

/// <summary>
/// Writes the messages of a streamed answer. Those that are there at once go to the body in one piece: the framework's own writer
/// takes several locks for each message, which for a burst of short deltas costs as much as reading them. For one writer at a
/// time.
/// </summary>
/// <param name="body">The body of the call's response.</param>
internal sealed class EventWriter(PipeWriter body) : IDisposable
{
    // Before each message: a zero, since it is not compressed, and its length.
    private const int FrameHeader = 5;

    // The longest that tags, lengths and index around the text of a delta can be.
    private const int AroundText = FrameHeader + 24;

    private const int FirstRoom = 4096;

    private byte[] _frames = [];
    private int _length;

    /// <summary>Adds a message to what the next flush writes.</summary>
    public void Add(StreamCompleteResponse message)
    {
        var size = message.CalculateSize();
        var frame = Room(FrameHeader + size);
        message.WriteTo(frame.Slice(FrameHeader, size));
        Take(size);
    }

    /// <summary>
    /// Adds the message of a delta that says nothing but its text, as <see cref="Mapping.EventMapping.ToMessage"/> gives it: byte
    /// for byte the same, without the string and the two objects in between. False: it is no such delta, and nothing is added.
    /// </summary>
    public bool TryAddDelta(in StreamEvent read)
    {
        var text = read.Text.Span;
        if (read.Kind != StreamEventKind.BlockDelta || !read.IsPlain || !Utf8.IsValid(text))
            return false;
        var frame = Room(AroundText + text.Length);

        var indexBytes = read.Index > 0 ? 1 + CodedOutputStream.ComputeInt32Size(read.Index) : 0;

        // Where the text goes if every length takes one byte, as for nearly every delta it does.
        var around = FrameHeader + 4 + indexBytes;
        JsonText.TryDecode(text, frame[around..], out var written);
        var lengthBytes = CodedOutputStream.ComputeLengthSize(written);
        var delta = indexBytes + 1 + lengthBytes + written;
        var deltaBytes = CodedOutputStream.ComputeLengthSize(delta);
        var start = FrameHeader + 1 + deltaBytes + delta - written;
        if (start != around)
            frame.Slice(around, written).CopyTo(frame[start..]);

        var at = FrameHeader;
        frame[at++] = Tag(StreamCompleteResponse.BlockDeltaFieldNumber, WireFormat.WireType.LengthDelimited);
        at += WriteVarint(frame[at..], delta);
        if (read.Index > 0)
        {
            frame[at++] = Tag(ContentBlockDelta.IndexFieldNumber, WireFormat.WireType.Varint);
            at += WriteVarint(frame[at..], read.Index);
        }

        frame[at++] = Tag(FieldOf(read.Delta), WireFormat.WireType.LengthDelimited);
        at += WriteVarint(frame[at..], written);
        Take(at + written - FrameHeader);
        return true;
    }

    /// <summary>Writes what was added, and waits until the caller has room for more.</summary>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        if (_length == 0)
            return;
        try
        {
            var flushed = await body.WriteAsync(_frames.AsMemory(0, _length), cancellation);
            if (flushed.IsCompleted || flushed.IsCanceled)
                throw new OperationCanceledException(cancellation);
        }
        finally
        {
            // An answer that waits for its next event holds no buffer.
            Dispose();
        }
    }

    public void Dispose()
    {
        if (_frames.Length > 0)
            ArrayPool<byte>.Shared.Return(_frames);
        (_frames, _length) = ([], 0);
    }

    private Span<byte> Room(int length)
    {
        if (_frames.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRoom, Math.Max(_frames.Length * 2, _length + length)));
            _frames.AsSpan(0, _length).CopyTo(larger);
            if (_frames.Length > 0)
                ArrayPool<byte>.Shared.Return(_frames);
            _frames = larger;
        }

        return _frames.AsSpan(_length);
    }

    private void Take(int size)
    {
        var frame = _frames.AsSpan(_length);
        frame[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame[1..], size);
        _length += FrameHeader + size;
    }

    private static int FieldOf(DeltaKind delta) => delta switch
    {
        DeltaKind.Text => ContentBlockDelta.TextFieldNumber,
        DeltaKind.InputJson => ContentBlockDelta.PartialJsonFieldNumber,
        DeltaKind.Thinking => ContentBlockDelta.ThinkingFieldNumber,
        _ => ContentBlockDelta.SignatureFieldNumber,
    };

    private static byte Tag(int field, WireFormat.WireType type) => (byte)WireFormat.MakeTag(field, type);

    private static int WriteVarint(Span<byte> destination, int value)
    {
        var at = 0;
        for (; value > 0x7f; value >>= 7)
            destination[at++] = (byte)(value | 0x80);
        destination[at++] = (byte)value;
        return at;
    }
}
