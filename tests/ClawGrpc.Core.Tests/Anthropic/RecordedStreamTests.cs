using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

/// <summary>Compares recorded streams, folded, with the result of the official SDK.</summary>
public class RecordedStreamTests
{
    [Fact]
    public void Recorded_streams_fold_as_in_the_official_sdk()
    {
        var known = 0;
        foreach (var (name, stream, expected) in Recorded.Streams())
        {
            foreach (var piece in new[] { 1, 1000 })
            {
                if (expected is not { } wanted)
                    continue;
                if (wanted.GetProperty("final_message") is { ValueKind: JsonValueKind.Object } message)
                    AssertJson.Same(message, Complete(stream, piece).Json, name);
                else
                    Assert.NotEqual("", WhyNot(stream, piece));
                known++;
            }
        }

        Assert.True(known > 0, "the folder has no expectations");
    }

    [Fact]
    public void Recorded_events_are_read_byte_for_byte_however_split()
    {
        foreach (var (name, stream, _) in Recorded.Streams())
        {
            var lines = Encoding.UTF8.GetString(stream).Split('\n')
                .Where(line => line.StartsWith("data: ", StringComparison.Ordinal));
            var expected = lines.Select(line => line["data: ".Length..].TrimEnd('\r')).ToList();
            foreach (var sizes in new[] { Wire.Always(1), Wire.Random(7, 200), Wire.Always(stream.Length) })
            {
                var given = Wire.Read(stream, sizes).Select(read => read.Data).ToList();
                Assert.True(expected.Take(given.Count).SequenceEqual(given), name);
                Assert.InRange(given.Count, expected.Count - 1, expected.Count);
            }
        }
    }

    [Fact]
    public void Every_recorded_answer_is_read_or_refused_in_words()
    {
        foreach (var (name, json) in Recorded.Answers())
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("type", out var type) && type.ValueEquals("message"))
                Assert.True(FoldedMessage.Read(json).Usage is { InputTokens: >= 0, OutputTokens: > 0 }, name);
            else
                Assert.Throws<MalformedAnswerException>(() => FoldedMessage.Read(json));
        }
    }

    private static FoldedMessage Complete(byte[] stream, int piece)
    {
        var fold = Wire.Fold(stream, piece);
        Assert.Equal(FoldEnd.Complete, fold.End);
        return fold.Finish()!;
    }

    private static string WhyNot(byte[] stream, int piece)
    {
        try
        {
            var fold = Wire.Fold(stream, piece);
            return fold.End == FoldEnd.Complete ? "" : fold.End.ToString();
        }
        catch (MalformedAnswerException exception)
        {
            return exception.Message;
        }
    }
}
