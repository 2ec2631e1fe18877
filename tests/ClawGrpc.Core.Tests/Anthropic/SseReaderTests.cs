using System.Text;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Tests.Anthropic;

public class SseReaderTests
{
    [Theory]
    [InlineData("event: a\ndata: 1\n\n", "a=1")]
    [InlineData("event: a\r\ndata: 1\r\n\r\n", "a=1")]
    [InlineData("event: a\rdata: 1\r\r", "a=1")]
    [InlineData("event:a\ndata:1\n\n", "a=1")]
    [InlineData("data:  two spaces\n\n", "= two spaces")]
    [InlineData("data: 1\ndata: 2\ndata\ndata: 3\n\n", "=1\n2\n\n3")]
    [InlineData("data\ndata: 1\n\n", "=\n1")]
    [InlineData("data: 1\n\ndata: 2\n\n", "=1|=2")]
    [InlineData("event: a\n\ndata: 1\n\n", "=1")]
    [InlineData(": comment\ndata: 1\n:\n\n", "=1")]
    [InlineData("\n\n\r\n\rdata: 1\n\n\n\n", "=1")]
    [InlineData("id: 7\nretry: 10\nunknown: x\ndatum: x\ndata: 1\n\n", "=1")]
    [InlineData("\uFEFFdata: 1\n\n", "=1")]
    [InlineData("data: 1\n\n\uFEFFdata: 2\n\n", "=1")]
    [InlineData("data: 1\n\nevent: b\ndata: unterminated\n", "=1")]
    [InlineData("data: 1\n\ndata: no line end", "=1")]
    [InlineData("event: a\nevent: b\ndata: 1\n\n", "b=1")]
    [InlineData("data: a\rdata: b\n\r\ndata: c\r\n\n", "=a\nb|=c")]
    [InlineData("data: grüße 😀\n\n", "=grüße 😀")]
    [InlineData("data:\n\n", "")]
    [InlineData("", "")]
    public void Events_are_found_with_any_line_end(string stream, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        foreach (var size in new[] { 1, 2, 3, 7, 1000 })
        {
            Assert.Equal(expected, string.Join(
                '|', Wire.Read(bytes, Wire.Always(size), segment: 5).Select(read => $"{read.Name}={read.Data}")));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_split_gives_the_same_events(int seed)
    {
        var random = new Random(seed);
        var (stream, expected) = RandomStream(random);
        foreach (var most in new[] { 1, 3, 17, 300, stream.Length })
            Assert.Equal(expected, Wire.Read(stream, Wire.Random(random.Next(), most), segment: random.Next(1, 50)));
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 200)];

    [Fact]
    public void Event_in_one_piece_is_not_copied()
    {
        using var reader = new SseReader();
        var stream = Encoding.UTF8.GetBytes("event: a\ndata: {\"x\":1}\n\n");
        var read = Assert.Single(Wire.Events(reader, stream, Wire.Always(1000)).ToList());
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(read.Data, out var where));
        Assert.Same(stream, where.Array);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public void Endless_event_is_refused_and_not_kept(int piece)
    {
        using var reader = new SseReader(maxEventBytes: 10_000);
        var stream = Encoding.UTF8.GetBytes("data: " + new string('x', 20_000));
        var wrong = Assert.Throws<MalformedAnswerException>(() => Wire.Events(reader, stream, Wire.Always(piece)).ToList());
        Assert.Equal("an event is longer than 10000 bytes", wrong.Message);
    }

    [Fact]
    public void Event_of_exactly_the_limit_is_read()
    {
        var line = "data: " + new string('x', 100) + "\n\n";
        using var reader = new SseReader(line.Length);
        Assert.Single(Wire.Events(reader, Encoding.UTF8.GetBytes(line), Wire.Always(10)).ToList());
    }

    // Random lines with each of the three line ends; computes the expected events by the standard.
    private static (byte[] Stream, List<(string Name, string Data)> Expected) RandomStream(Random random)
    {
        var stream = new StringBuilder();
        var expected = new List<(string, string)>();
        for (var count = random.Next(1, 30); count > 0; count--)
        {
            var (name, data) = ("", new List<string>());
            for (var lines = random.Next(0, 5); lines > 0; lines--)
            {
                var text = Text(random);
                switch (random.Next(4))
                {
                    case 0:
                        stream.Append("event: ").Append(text);
                        name = text;
                        break;
                    case 1:
                        stream.Append(": ").Append(text);
                        break;
                    default:
                        stream.Append("data: ").Append(text);
                        data.Add(text);
                        break;
                }

                stream.Append(End(random));
            }

            // Avoids a line feed right after a carriage return: together they are one line end.
            stream.Append(stream.Length > 0 && stream[^1] == '\r' ? "\r\n" : End(random));
            if (string.Join('\n', data) is { Length: > 0 } joined)
                expected.Add((name, joined));
        }

        return (Encoding.UTF8.GetBytes(stream.ToString()), expected);
    }

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(
            0, random.Next(0, 40)).Select(_ => random.Next(8) == 0 ? "é😀漢"[..1] : ((char)random.Next(33, 127)).ToString()));

    private static string End(Random random) => random.Next(3) switch { 0 => "\n", 1 => "\r", _ => "\r\n" };
}
