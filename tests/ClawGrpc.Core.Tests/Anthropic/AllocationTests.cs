using System.Buffers;
using System.Text;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>
/// The memory that an event on the hot path allocates. The bounds are generous, but catch a copy per event.
/// </summary>
public class AllocationTests
{
    private const int Events = 10_000;

    [Fact]
    public void Passing_an_event_on_allocates_nothing() => Assert.InRange(PerEvent(keepContent: false), 0, 8);

    [Fact]
    public void Folding_an_event_allocates_only_its_text() =>
        Assert.InRange(PerEvent(keepContent: true), 0, 100);

    private static long PerEvent(bool keepContent)
    {
        var stream = new StringBuilder();
        Append(stream, """{"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1}}}""");
        Append(stream, """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        for (var count = 0; count < Events; count++)
            Append(stream, """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" some words"}   }""");
        var bytes = Encoding.UTF8.GetBytes(stream.ToString());

        // Once to warm up.
        Run(bytes, keepContent);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(bytes, keepContent);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / Events;
    }

    private static void Run(byte[] stream, bool keepContent)
    {
        using var reader = new SseReader();
        var fold = new MessageFold(keepContent);
        var buffer = new ReadOnlySequence<byte>(stream);
        var count = 0;
        for (; reader.TryReadEvent(ref buffer, out var read); count++)
            fold.Add(StreamEvent.Parse(read));
        Assert.Equal(Events + 2, count);
    }

    private static void Append(StringBuilder stream, string json) =>
        stream.Append("event: x\ndata: ").Append(json).Append("\n\n");
}
