using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Tests.Upstream;

/// <summary>Floods of what means nothing, in front of the first content.</summary>
public class FloodTests
{
    private const int Megabytes = 16;
    private const int MostAllocated = 2 * 1024 * 1024;

    public static TheoryData<string> Floods =>
    [
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        ": comment\n\n",
        "\n",
        "data: {\"type\":\"ping\",\"more\":[1,2,3]}\r\n\r\n: comment\n\n",
    ];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Flood_before_content_holds_no_memory(string sign)
    {
        const string start = """data: {"type":"message_start","message":{"content":[],"usage":{"input_tokens":3}}}""";
        const string begin = """data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""";
        using var stream = new Repeated($"{start}\n\n", sign, $"{begin}\n\n");
        var none = SecretForms.Of(new Secret(""));
        await using var answer = new AnswerStream(new HttpResponseMessage(), stream, AnswerHeaders.None, none);
        var before = GC.GetAllocatedBytesForCurrentThread();
        while (!answer.HasBegun(out _))
            Assert.True(await answer.ReadAsync(CancellationToken.None));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        Assert.Equal(3, answer.CountedBefore!.InputTokens);

        // The events that count are still there to be read.
        var kinds = new List<StreamEventKind>();
        while (answer.TryNext(out var next))
            kinds.Add(next.Kind);
        Assert.Equal(
            [StreamEventKind.MessageStart, StreamEventKind.BlockStart], kinds.Where(kind => kind != StreamEventKind.Ping));
    }

    /// <summary>A beginning, a sign over and over, and an end; a few bytes at a time.</summary>
    private sealed class Repeated(string first, string sign, string last) : MemoryStream
    {
        private const int Signs = 100;
        private readonly byte[] _signs = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(sign, Signs)));
        private ReadOnlyMemory<byte> _piece = Encoding.UTF8.GetBytes(first);
        private long _sent;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_piece.IsEmpty)
                _piece = _sent > Megabytes * 1024L * 1024 ? Encoding.UTF8.GetBytes(last) : _signs;
            var length = Math.Min(buffer.Length, _piece.Length);
            _piece[..length].CopyTo(buffer);
            _piece = _piece[length..];
            _sent += length;
            return new ValueTask<int>(length);
        }
    }
}
