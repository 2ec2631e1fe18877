using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>
/// Random faults on every route, and what holds whatever they are: no token twice, none out of order, none from a second route,
/// no connection left, and in the end success or one error that says why.
/// </summary>
public class RandomFaultTests
{
    private const string Three = "anthropic:three";
    private const string KeyThree = "sk-ant-api03-FAKE-third-key-0000000000000003";
    private const string More = """
        agents: { defaults: { model: { primary: "anthropic/claude-opus-4-6", fallbacks: ["anthropic/claude-sonnet-4-6"] } } },
        clawgrpc: { timeouts: { firstEventSeconds: 7, idleSeconds: 11 } }
        """;

    private static readonly (string Profile, string Key)[] Profiles = [(One, KeyOne), (Two, KeyTwo), (Three, KeyThree)];
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(101);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(999);

    // With the first event, with the next one, with the end of a body behind the end of its message.
    private static readonly TimeSpan[] Patiences = [TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(2)];
    private static readonly string[] Models = ["claude-opus-4-6", "claude-sonnet-4-6"];

    [Fact]
    public async Task Random_faults_give_one_ordered_answer_or_a_typed_error()
    {
        await using var fixture = await ServerFixture.StartAsync(More);
        foreach (var (profile, key) in Profiles)
            await fixture.OnboardAsync(profile, key);
        await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { Profiles.Select(each => each.Profile) } });
        var ends = new Dictionary<string, int>();
        for (var seed = 0; seed < Runs.Of(few: 150, full: 5000); seed++)
        {
            var end = await TryAsync(fixture, new Random(seed), $"seed {seed}");
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        // All ways to end were taken, or the faults are not random enough to prove anything.
        string[] usual =
        [
            "ok", "INTERRUPTED", "OVERLOADED", "SERVER_ERROR", "REQUEST_REJECTED", "error event", "500 api_error",
            "529 overloaded_error",
        ];
        Assert.Empty(usual.Except(ends.Keys));
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static async Task<string> TryAsync(ServerFixture fixture, Random random, string what)
    {
        fixture.Sandbox.ClearRequests();
        fixture.Sandbox.ClearScript();
        var isHopeless = random.Next(3) == 0;
        var script = Profiles.SelectMany(
            profile => Models.Select(model => RandomFault.Next(random, profile.Key, model, isHopeless))).ToList();
        script.ForEach(fault => fixture.Sandbox.Script(fault.Faults));
        var ask = random.Next(6) switch
        {
            0 => fixture.CompleteAsync(),
            1 => fixture.AskAsync(Face.Http, stream: false),
            2 or 3 => fixture.AskAsync(Face.Http),
            _ => fixture.StreamAsync(raw: random.Next(2) == 0),
        };
        await PassTimeAsync(fixture, script, ask);
        var answer = await ask;
        Check(fixture, answer, $"{what}: {answer.Attempts}; {answer.Failure}; {answer.Text}");
        foreach (var (profile, _) in Profiles)
            await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = profile });
        return answer.End;
    }

    private static void Check(ServerFixture fixture, Answer answer, string what)
    {
        // The tokens are of the last request alone: its first ones, in order, each once.
        var last = fixture.Sandbox.Requests[^1];
        var tokens = answer.Text.Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(tokens.SequenceEqual(RandomFault.Tokens(last.Credential!, ModelOf(last)).Take(tokens.Length)), what);
        if (answer.Receipt is null)
        {
            CheckHttp(answer, tokens.Length, what);
            return;
        }

        // Every request is an attempt of the receipt or a repeat in place of one, in order.
        var attempts = answer.Receipt!.Attempts.Where(attempt => attempt.Outcome != AttemptOutcome.Skipped).ToList();
        var told = attempts.SelectMany(
            attempt => Enumerable.Repeat($"{attempt.ProfileId} {attempt.Model}", attempt.RetriesInPlace + 1));
        var seen = fixture.Sandbox.Requests
            .Select(request => (Profiles.Single(each => each.Key == request.Credential).Profile, Model: ModelOf(request)))
            .Select(each => $"{each.Profile} anthropic/{each.Model}").ToList();
        Assert.True(told.SequenceEqual(seen), $"{what}; upstream saw {string.Join(", ", seen)}");

        Assert.All(attempts.SkipLast(1), attempt => Assert.Equal(AttemptOutcome.Failed, attempt.Outcome));
        if (answer.Failure is not { } failure)
        {
            Assert.True(tokens.Length == RandomFault.TokenCount && attempts[^1].Outcome == AttemptOutcome.Served, what);
            return;
        }

        Assert.False(failure.Code is StatusCode.Internal or StatusCode.Unknown, what);
        Assert.NotEqual("", failure.Message);
        Assert.Equal(failure.Reason == "INTERRUPTED" ? AttemptOutcome.Interrupted : AttemptOutcome.Failed, attempts[^1].Outcome);
        Assert.True(tokens.Length == 0 || failure.Reason == "INTERRUPTED", what);
        Assert.DoesNotContain(answer.Parts, part => part.Finished is not null);
    }

    private static void CheckHttp(Answer answer, int tokens, string what)
    {
        if (answer.End == "ok")
            Assert.True(tokens == RandomFault.TokenCount, what);
        else
            Assert.True(tokens == 0 || answer.End == Replay.MessagesAnswer.Interrupted, what);
        Assert.Matches("^(ok|error event|[45][0-9]{2} [a-z_]+)$", answer.End);
    }

    // Until the answer has come and upstream is left by it. Time passes only for who waits: before a repeat, for a slow
    // upstream, or for one that has fallen silent.
    private static async Task PassTimeAsync(ServerFixture fixture, List<RandomFault> script, Task answer)
    {
        var all = Task.WhenAll(answer, EndsAsync());
        while (!all.IsCompleted)
        {
            if (!fixture.Time.TryPass(Shortest, Longest) && fixture.Sandbox.Requests is [.., { Outcome: Outcome.Open } open]
                && script.Exists(fault => fault.IsSilent(open)))
            {
                await LosePatienceAsync(fixture, open);
            }
            await Task.Yield();
        }

        await all;

        async Task EndsAsync()
        {
            await answer;
            await fixture.Sandbox.WaitUntilAsync(requests => requests.All(request => request.Outcome != Outcome.Open));
        }
    }

    // The next attempt may wait already when upstream learns that this one was given up: no more time until then. What upstream
    // sent before it fell silent may still be on its way, and a wait that was seen a moment ago be over.
    private static async Task LosePatienceAsync(ServerFixture fixture, SeenRequest silent)
    {
        foreach (var patience in Patiences.Where(patience => fixture.Time.TryPass(patience, patience)))
        {
            await Task.WhenAny(silent.Finished, Task.Delay(TimeSpan.FromMilliseconds(500)));
            return;
        }
    }

    private static string ModelOf(SeenRequest request) => request.Json.GetProperty("model").GetString()!;
}
