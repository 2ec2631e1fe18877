using System.Net.Sockets;
using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Leaving;

/// <summary>Callers that take their time, or leave with a part of the answer on its way.</summary>
public class SlowCallerTests
{
    private const string Beginning = """
        data: {"type":"message_start","message":{"type":"message","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}

        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


        """;

    private const string End = """
        data: {"type":"content_block_stop","index":0}

        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}

        data: {"type":"message_stop"}


        """;

    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Idle_time_does_not_run_while_the_caller_is_slow(Face face)
    {
        await using var fixture = await WithTwoKeysAsync("clawgrpc: { timeouts: { idleSeconds: 10 } }");
        var answer = Encoding.UTF8.GetBytes(Beginning + Deltas(kilobytes: 16 * 1024) + End);
        fixture.Sandbox.Script(Faults.Replay(answer).Times(2));
        using var slow = fixture.Open(face);
        await slow.MoveNextAsync();

        // One who reads gets all of it in the meantime: time enough for whatever flows by itself.
        Assert.Equal("end_turn", (await fixture.StreamAsync(raw: true)).Served.StopReason);
        var idle = TimeSpan.FromSeconds(10);
        await ServerFixture.EventuallyAsync(() => Task.FromResult(!fixture.Time.HasTimer(idle, idle)));
        Assert.Equal(Outcome.Open, fixture.Sandbox.Requests[0].Outcome);
        fixture.Time.Advance(TimeSpan.FromMinutes(10));
        await slow.ReadToEndAsync();
        Assert.Equal(face == Face.Grpc ? null : "ok", slow.End);
    }

    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Nothing_more_is_read_for_a_caller_who_left(Face face)
    {
        // Reading on, to save the connection, would take two seconds or a megabyte. A busy machine may be slow now and then.
        var soon = TimeSpan.FromSeconds(1.5);
        var shortest = TimeSpan.MaxValue;
        for (var times = 0; times < 4 && shortest > soon; times++)
        {
            var took = await LeaveAsync(face);
            shortest = took < shortest ? took : shortest;
        }

        Assert.True(shortest < soon, $"It took {shortest.TotalSeconds} s until the connection was closed.");
    }

    [Fact]
    public async Task Whole_answer_without_an_end_holds_its_connection_2_seconds()
    {
        var closed = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            var events = (Beginning + Deltas(kilobytes: 16) + End).ReplaceLineEndings("\n");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(
                $"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{events.Length:x}\r\n{events}\r\n"));
            await EndOfAsync(stream, request.Closed);
            closed.TrySetResult();
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        Assert.Equal("end_turn", (await fixture.StreamAsync()).Served.StopReason);
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
        fixture.Time.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        Assert.False(closed.Task.IsCompleted);
        fixture.Time.Advance(TimeSpan.FromTicks(1));
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Slow_caller_whose_token_is_revoked_has_half_a_second_to_hear_why(bool readsInTime)
    {
        await using var fixture = await WithTwoKeysAsync("clawgrpc: { timeouts: { idleSeconds: 77 } }");
        fixture.Sandbox.Script(Faults.Replay(Encoding.UTF8.GetBytes(Beginning + Deltas(kilobytes: 16 * 1024) + End)));
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        using var call = fixture.Models.StreamComplete(
            new StreamCompleteRequest { Input = Prompts.Input() }, token.Headers);
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        var idle = TimeSpan.FromSeconds(77);
        await ServerFixture.EventuallyAsync(() => Task.FromResult(!fixture.Time.HasTimer(idle, idle)));

        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = token.Id });
        if (!readsInTime)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(0.5));
            await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Sandbox.Requests[0].Outcome == Outcome.Aborted));
        }

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                // What had been sent.
            }
        });
        Assert.Equal(readsInTime, failure.StatusCode == StatusCode.Unauthenticated);
    }

    // How long it takes from the leaving of a caller, who takes nothing, until upstream sees its connection closed.
    private static async Task<TimeSpan> LeaveAsync(Face face)
    {
        var (sent, closed) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = new RawUpstream(async (request, stream) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"u8
                .ToArray());
            var events = Encoding.UTF8.GetBytes((Beginning + Deltas(kilobytes: 700)).ReplaceLineEndings("\n"));
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{events.Length:x}\r\n"));
            await stream.WriteAsync(events);
            await stream.WriteAsync("\r\n"u8.ToArray());
            sent.TrySetResult();
            await EndOfAsync(stream, request.Closed);
            closed.TrySetResult();
        });
        var idle = TimeSpan.FromSeconds(77);
        await using var fixture = await ServerFixture.StartAsync(upstream, "clawgrpc: { timeouts: { idleSeconds: 77 } }");
        using var leave = new CancellationTokenSource();
        using var call = fixture.Open(face, leave.Token);
        await call.MoveNextAsync();
        await sent.Task;

        // All windows are full, so it waits for the caller and not for upstream.
        await ServerFixture.EventuallyAsync(() => Task.FromResult(!fixture.Time.HasTimer(idle, idle)));
        var start = TimeProvider.System.GetTimestamp();
        await leave.CancelAsync();
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return TimeProvider.System.GetElapsedTime(start);
    }

    private static async Task EndOfAsync(NetworkStream stream, CancellationToken cancellation)
    {
        try
        {
            while (await stream.ReadAsync(new byte[1024], cancellation) > 0)
            {
                // Nothing is sent any more.
            }
        }
        catch (IOException)
        {
            // Closed with something unread.
        }
    }

    private static string Deltas(int kilobytes)
    {
        var text = new string('x', 16 * 1024);
        var delta = $$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}""";
        return string.Concat(Enumerable.Repeat(delta + "\n\n", kilobytes / 16));
    }
}
