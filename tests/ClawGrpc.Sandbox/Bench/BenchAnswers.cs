using System.Buffers;
using System.Collections.Concurrent;

namespace ClawGrpc.Testing;

/// <summary>
/// Answers that cost the sandbox next to nothing, so that a benchmark measures what stands in front of it: rendered once for each
/// <see cref="BenchRequest"/>, and sent whole, or paced by the deltas in them.
/// </summary>
internal sealed class BenchAnswers
{
    private static readonly InputUsage Usage = new(Input: 25);
    private readonly ConcurrentDictionary<BenchRequest, Rendered> _streams = new();
    private readonly ConcurrentDictionary<int, byte[]> _messages = new();
    private readonly Pacer _pacer = new();

    public async Task AnswerAsync(HttpContext context)
    {
        var (wanted, isStream) = await ReadAsync(context.Request);
        var response = context.Response;
        response.Headers["request-id"] = "req_01Bench";
        if (!isStream)
        {
            var message = _messages.GetOrAdd(wanted.Size, size => AnswerJson.Write(Say(1, size), Usage));
            response.ContentType = Reply.JsonType;
            response.ContentLength = message.Length;
            await response.BodyWriter.WriteAsync(message);
            return;
        }

        response.ContentType = Reply.StreamType;
        var stream = _streams.GetOrAdd(wanted, Render);
        if (wanted.Rate == 0)
        {
            await response.BodyWriter.WriteAsync(stream.Whole);
        }
        else
        {
            await _pacer.WriteAsync(response.BodyWriter, stream.Paced, wanted.Rate, context.RequestAborted);
        }
    }

    private static async Task<(BenchRequest Wanted, bool IsStream)> ReadAsync(HttpRequest request)
    {
        // The reader's own buffers hold the body: nothing is copied unless it came in several pieces.
        var header = request.Headers["x-sandbox-bench"].FirstOrDefault();
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            if (!read.IsCompleted)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var body = read.Buffer.IsSingleSegment ? read.Buffer.First.Span : read.Buffer.ToArray();
            var isStream = body.IndexOf("\"stream\":true"u8) >= 0 || body.IndexOf("\"stream\": true"u8) >= 0;
            var wanted = BenchRequest.Of(body, header);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return (wanted, isStream);
        }
    }

    private static Rendered Render(BenchRequest wanted)
    {
        var events = AnswerEvents.Write(Say(wanted.Events, wanted.Size), Usage);
        // The first delta goes with what comes before it and the last with what comes after: as many writes as deltas.
        const int Before = 3;
        const int After = 3;
        ReadOnlyMemory<byte>[] paced =
        [
            Join(events.Take(Before + 1)),
            .. events.Skip(Before + 1).SkipLast(After + 1),
            Join(events.Skip(Math.Max(Before + 1, events.Count - After - 1))),
        ];
        return new(Join(events), paced);
    }

    private static Answer Say(int pieces, int size)
    {
        var text = new AnswerBlock("text", [.. Enumerable.Repeat(new string('x', size), pieces)]);
        return new("msg_01Bench", "claude-sonnet-4-6", "end_turn", null, [text]);
    }

    private static byte[] Join(IEnumerable<ReadOnlyMemory<byte>> parts) => [.. parts.SelectMany(part => part.ToArray())];

    private sealed record Rendered(byte[] Whole, IReadOnlyList<ReadOnlyMemory<byte>> Paced);
}
