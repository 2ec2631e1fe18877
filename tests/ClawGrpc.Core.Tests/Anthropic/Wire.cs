using System.Buffers;
using System.Text;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Feeds bytes to a reader like a connection: in pieces, keeping the unread ones.</summary>
internal static class Wire
{
    /// <summary>All events of a stream as (name, data), for any split.</summary>
    public static List<(string Name, string Data)> Read(byte[] stream, IEnumerable<int> sizes, int segment = 4096)
    {
        using var reader = new SseReader();
        var events = new List<(string, string)>();
        foreach (var read in Events(reader, stream, sizes, segment))
            events.Add((Encoding.UTF8.GetString(read.Name.Span), Encoding.UTF8.GetString(read.Data.Span)));
        return events;
    }

    /// <summary>The events one by one; unread bytes are in segments, as in a pipe.</summary>
    public static IEnumerable<SseEvent> Events(SseReader reader, byte[] stream, IEnumerable<int> sizes, int segment = 4096)
    {
        var (from, to) = (0, 0);
        foreach (var size in sizes)
        {
            to = Math.Min(to + size, stream.Length);
            var buffer = Sequence(stream, from, to, segment);
            while (reader.TryReadEvent(ref buffer, out var read))
                yield return read;
            from = to - (int)buffer.Length;
            if (to == stream.Length)
                yield break;
        }
    }

    /// <summary>Sizes that never end.</summary>
    public static IEnumerable<int> Always(int size)
    {
        while (true)
            yield return size;
    }

    public static IEnumerable<int> Random(int seed, int most)
    {
        var random = new Random(seed);
        while (true)
            yield return random.Next(1, most + 1);
    }

    /// <summary>Folds a stream to its end.</summary>
    public static MessageFold Fold(byte[] stream, int pieces = 1000)
    {
        using var reader = new SseReader();
        var fold = new MessageFold();
        foreach (var read in Events(reader, stream, Always(pieces)))
            fold.Add(StreamEvent.Parse(read));
        fold.EndOfStream();
        return fold;
    }

    public static MessageFold Fold(params string[] data)
    {
        var fold = new MessageFold();
        foreach (var json in data)
            fold.Add(StreamEvent.Parse(Encoding.UTF8.GetBytes(json)));
        return fold;
    }

    private static ReadOnlySequence<byte> Sequence(byte[] stream, int from, int to, int segment)
    {
        Piece? first = null, last = null;
        for (var at = from; at < to; at = last.End)
        {
            last = new Piece(stream.AsMemory(at, Math.Min(to, (at / segment + 1) * segment) - at), last, at);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before, int at)
        {
            Memory = memory;
            End = at + memory.Length;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }

        public int End { get; }
    }
}
