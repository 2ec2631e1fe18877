using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Leaving;

public class BackPressureTests
{
    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Caller_that_stops_reading_stalls_upstream_without_buffering(Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        var long_ = Faults.Replay(LongAnswer(megabytes: 32)).Times(2);
        fixture.Sandbox.Script(long_);
        using var stalled = fixture.Open(face);
        await stalled.MoveNextAsync();

        // A caller who reads gets all of the same answer in the meantime: time enough for whatever flows by itself.
        Assert.Equal("end_turn", (await fixture.StreamAsync(raw: true)).Served.StopReason);
        var seen = fixture.Sandbox.Requests[0];
        Assert.Equal(Outcome.Open, seen.Outcome);
        Assert.True(seen.BytesSent < 16 * 1024 * 1024, $"{seen.BytesSent} bytes were sent to a caller who took none of them.");

        // It goes on where it was.
        await stalled.ReadToEndAsync();
        Assert.Equal(Outcome.Answered, await seen.Finished);
    }

    private static byte[] LongAnswer(int megabytes)
    {
        var text = new string('x', 16 * 1024);
        var answer = new StringBuilder()
            .Append(Event("message_start", "\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
                + "\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,"
                + "\"output_tokens\":1}}"))
            .Append(Event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"));
        for (var part = 0; part < megabytes * 64; part++)
            answer.Append(Event("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}"));
        return Encoding.UTF8.GetBytes(answer
            .Append(Event("content_block_stop", "\"index\":0"))
            .Append(Event(
            "message_delta", "\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}"))
            .Append("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n").ToString());
    }

    private static string Event(string type, string members) => $"event: {type}\ndata: {{\"type\":\"{type}\",{members}}}\n\n";
}
