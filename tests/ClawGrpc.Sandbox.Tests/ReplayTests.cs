using System.Text;

namespace ClawGrpc.Testing.Tests;

public class ReplayTests
{
    private const string Recorded =
        "event: message_start\r\ndata: {\"type\":\"message_start\"}\r\n\r\n: a comment\n\nevent: ping\ndata: {\"type\": "
            + "\"ping\"}\n\n"
        + "event: content_block_delta\ndata: {\"text\":\"“é”\"}   \n\nevent: message_stop\ndata: {}";

    public static TheoryData<Chunking?> Chunkings => new() { null, new(1), new(7, 1), new(7, 2), new(4096) };

    [Theory]
    [MemberData(nameof(Chunkings))]
    public async Task A_recording_comes_back_byte_for_byte_in_pieces_of_any_size(Chunking? chunks)
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Replay(Encoding.UTF8.GetBytes(Recorded), chunks: chunks));
        using var client = new Client(sandbox, "any");
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(Recorded, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_recording_can_break_like_any_answer()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(
            Faults.Replay(Encoding.UTF8.GetBytes(Recorded)) with { End = new(3) },
            Faults.Replay(Encoding.UTF8.GetBytes(Recorded)) with { Error = new(1), Chunks = new(3) });
        using var client = new Client(sandbox);
        Assert.EndsWith("data: {\"type\": \"ping\"}\n\n", await client.StreamAsync(), StringComparison.Ordinal);
        Assert.EndsWith("\"message\": \"Overloaded\"}}\n\n", await client.StreamAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recorded_headers_come_too_but_for_those_of_the_transfer()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(new Fault
        {
            Replay = new()
            {
                Text = """{"type":"error"}""",
                Status = 401,
                Headers = new() { ["request-id"] = "req_recorded", ["Content-Length"] = "9999", ["x-should-retry"] = "false" },
            },
        });
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal("req_recorded", response.Headers.GetValues("request-id").Single());
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Equal("""{"type":"error"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Every_recording_comes_back_byte_for_byte()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var seed = 0;
        foreach (var recording in Recordings.All.Where(one => one.BodyFile is not null))
        {
            sandbox.Script(new Fault
            {
                Replay = new() { File = recording.BodyFile, Status = recording.Status, Headers = recording.ResponseHeaders },
                Chunks = new(Max: 1 << (seed % 12), Seed: seed++),
            });
            using var response = await client.SendAsync(Client.Body());
            Assert.Equal(recording.Status, (int)response.StatusCode);
            var received = await response.Content.ReadAsByteArrayAsync();
            Assert.True(recording.Bytes.AsSpan().SequenceEqual(received), recording.Name);
        }

        Assert.NotEqual(0, seed);
    }
}
