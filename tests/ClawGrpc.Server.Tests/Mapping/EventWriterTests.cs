using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Server.Grpc;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Tests.Mapping;

public sealed class EventWriterTests
{
    private static readonly (string Delta, string Member)[] Kinds =
        [("text_delta", "text"), ("input_json_delta", "partial_json"), ("thinking_delta", "thinking"),
            ("signature_delta", "signature")];

    private static readonly string[] Pieces =
        ["a", "Hello, world. ", "\\n", "\\\"", "\\u00e9", "é", "漢字", "\\ud83e\\udd9e", "🦞", "\\\\", "\\/"];

    [Fact]
    public async Task Deltas_are_written_as_the_generated_code_writes_them()
    {
        var random = new Random(20261121);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        using var writer = new EventWriter(pipe.Writer);
        var expected = new List<StreamCompleteResponse>();
        for (var round = 0; round < 5_000; round++)
        {
            var read = Delta(random, Text(random));
            var message = EventMapping.ToMessage(read, new MessageFold(), raw: false)!;
            Assert.True(writer.TryAddDelta(read));
            expected.Add(message);
            if (random.Next(4) == 0)
            {
                message = new StreamCompleteResponse { BlockStop = new ContentBlockStop { Index = round } };
                writer.Add(message);
                expected.Add(message);
            }

            if (random.Next(10) == 0)
                await writer.FlushAsync(CancellationToken.None);
        }

        await writer.FlushAsync(CancellationToken.None);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(Frames(expected), await WrittenAsync(pipe.Reader));
    }

    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""{"type":"content_block_stop","index":0}""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"},"more":1}""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a","more":1}}""")]
    public void What_says_more_than_text_is_left_to_the_other_forms(string json)
    {
        using var writer = new EventWriter(new Pipe().Writer);
        Assert.False(writer.TryAddDelta(StreamEvent.Parse(Encoding.UTF8.GetBytes(json))));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_left_to_the_other_forms()
    {
        byte[] json = [.. """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"""u8, 0xff,
            .. "\"}}"u8];
        using var writer = new EventWriter(new Pipe().Writer);
        Assert.False(writer.TryAddDelta(StreamEvent.Parse(json)));
    }

    [Fact]
    public async Task A_caller_that_left_is_told_from_one_that_is_slow()
    {
        var pipe = new Pipe();
        using var writer = new EventWriter(pipe.Writer);
        writer.Add(new StreamCompleteResponse());
        await pipe.Reader.CompleteAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await writer.FlushAsync(CancellationToken.None));
    }

    private static StreamEvent Delta(Random random, string text)
    {
        var (delta, member) = Kinds[random.Next(Kinds.Length)];
        var index = random.Next(5) switch { 0 => 127, 1 => 128, 2 => 20_000, 3 => 100_000, _ => 0 };
        return StreamEvent.Parse(Encoding.UTF8.GetBytes(
            $$$"""{"type":"content_block_delta","index":{{{index}}},"delta":"""
            + $$$"""{"type":"{{{delta}}}","{{{member}}}":"{{{text}}}"}}"""));
    }

    // Around the lengths at which a length takes one byte more, mostly short, sometimes empty.
    private static string Text(Random random)
    {
        var pieces = random.Next(20) switch { 0 => random.Next(20_000), < 6 => random.Next(100, 150), _ => random.Next(20) };
        return random.Next(3) == 0
            ? new string('x', pieces)
            : string.Concat(Enumerable.Range(0, pieces).Select(_ => Pieces[random.Next(Pieces.Length)]));
    }

    private static byte[] Frames(IEnumerable<StreamCompleteResponse> messages)
    {
        var all = new MemoryStream();
        Span<byte> header = stackalloc byte[5];
        foreach (var message in messages)
        {
            BinaryPrimitives.WriteInt32BigEndian(header[1..], message.CalculateSize());
            all.Write(header);
            message.WriteTo(all);
        }

        return all.ToArray();
    }

    private static async Task<byte[]> WrittenAsync(PipeReader reader)
    {
        var all = new MemoryStream();
        await reader.CopyToAsync(all);
        return all.ToArray();
    }
}
