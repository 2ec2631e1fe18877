using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>From the first content-bearing event on nothing is replayed, whatever happens.</summary>
public class CommitPointTests
{
    private const string WholeText = "You said “Hello”. This is the sandbox speaking:";

    // message_start, content_block_start and a ping come before the first of the text.
    private const int EventsBeforeText = 3;

    private static readonly string[] Kinds = ["error", "cut", "end", "garbled"];

    public static TheoryData<string> Breaks => [.. Kinds];

    public static TheoryData<string, Face> BreaksOfFaces => Faces.With(Kinds);

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task Answer_broken_after_first_content_fails_without_replay(string kind)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(FaultOf(kind, 6));
        var answer = await fixture.StreamAsync();
        Assert.Equal((StatusCode.Aborted, "INTERRUPTED"), (answer.Failed.Code, answer.Failed.Reason));
        Assert.Equal("You said “Hello”.", answer.Text);
        Assert.Equal($"{One} interrupted Interrupted 200", answer.Attempts);
        Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal("", await fixture.UnusableAsync());
        Assert.True(answer.Receipt!.Usage.InputTokens > 0, "What was used so far is told.");
        Assert.Equal($"{answer.Receipt.Usage.OutputTokens}", answer.Failed.Facts["output_tokens"]);
        Assert.Equal(
            (One, fixture.Sandbox.Requests[0].RequestId), (answer.Failed.Facts["profile_id"], answer.Failed.Facts["request_id"]));
        Assert.Equal(kind == "error" ? "overloaded_error" : null, answer.Failed.Facts.GetValueOrDefault("error_type"));
        Assert.Null(answer.Failed.RetryDelay);
    }

    [Theory]
    [MemberData(nameof(BreaksOfFaces))]
    public async Task A_whole_answer_is_interrupted_too(string kind, Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(FaultOf(kind, 6));
        var answer = await fixture.AskAsync(face, stream: false);
        Assert.Equal(face == Face.Grpc ? "INTERRUPTED" : "500 api_error", answer.End);
        Assert.Single(fixture.Sandbox.Requests);
    }

    [Theory]
    [MemberData(nameof(BreaksOfFaces))]
    public async Task Broken_stream_repeats_no_text_and_hides_no_loss(string kind, Face face)
    {
        await using var fixture = await WithTwoKeysAsync();
        var body = Faces.Body.Replace("64", "8", StringComparison.Ordinal);
        var whole = (await fixture.AskAsync(face, body: body)).Text;
        Assert.StartsWith(whole, WholeText, StringComparison.Ordinal);
        var events = fixture.Sandbox.Requests[0].EventsSent;
        for (var at = 0; at < events; at++)
        {
            // A garbled ping is still a ping.
            if (kind == "garbled" && at == EventsBeforeText - 1)
                continue;
            fixture.Sandbox.ClearRequests();
            fixture.Sandbox.Script(FaultOf(kind, at).ForKey(KeyOne).Times(3));
            var answer = await fixture.PatientlyAsync(fixture.AskAsync(face, body: body));
            fixture.Sandbox.ClearScript();
            var begun = at > 1;
            Assert.Equal(begun ? Faces.EndOf(face, "INTERRUPTED") : "ok", answer.End);
            Assert.Equal(begun ? null : whole, answer.End == "ok" ? answer.Text : null);
            Assert.StartsWith(answer.Text, whole, StringComparison.Ordinal);
            Assert.Equal(
                begun ? [KeyOne] : [KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(request => request.Credential).Distinct());
            if (face == Face.Grpc)
            {
                Assert.Matches(begun ? $"^{One} interrupted Interrupted 200$" : $"^{One} failed [A-Za-z]+ [0-9]+, {Two} served$",
                    answer.Attempts);
            }

            if (at > EventsBeforeText)
                Assert.NotEmpty(answer.Text);
        }
    }

    [Theory]
    [MemberData(nameof(Faces.All), MemberType = typeof(Faces))]
    public async Task Silence_between_two_events_is_an_interruption(Face face)
    {
        await using var fixture = await WithTwoKeysAsync("clawgrpc: { timeouts: { idleSeconds: 50 } }");
        fixture.Sandbox.Script(Faults.Stall(6));
        using var call = fixture.Open(face);
        await call.ReadTextAsync("You said “Hello”.");
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(50));
        if (face == Face.Grpc)
            Assert.Equal("INTERRUPTED", (await CallFailure.OfAsync(call.ReadToEndAsync)).Reason);
        else
            await call.ReadToEndAsync();
        Assert.Equal(face == Face.Grpc ? null : Faces.EndOf(face, "INTERRUPTED"), call.End);
        Assert.Single(await fixture.Sandbox.WaitForAbortsAsync(1));
    }

    private static Fault FaultOf(string kind, int afterEvents) => kind switch
    {
        "error" => Faults.OverloadedInStream(afterEvents),
        "cut" => Faults.Cut(afterEvents),
        "end" => Faults.End(afterEvents),
        _ => new Fault { Malformed = new(afterEvents) },
    };
}
