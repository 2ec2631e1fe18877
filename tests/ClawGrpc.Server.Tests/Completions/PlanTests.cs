using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>A plan is the receipt that the call would have, as far as it goes without sending.</summary>
public class PlanTests
{
    private const string AnyMessage = """{"type":"message","content":[],"stop_reason":"max_tokens"}""";
    private const string AnyStream = "event: message_start\ndata: {\"type\":\"message_start\","
        + "\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Any.\"}],\"stop_reason\":\"end_turn\"}}\n\nevent: "
        + "message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    private const string Configuration = """
        agents: {
          defaults: { model: { primary: "opus", fallbacks: ["anthropic/claude-sonnet-4-6"] }, models: {
            "anthropic/claude-opus-4-6": { alias: "opus", params: { cacheRetention: "long" } },
            "anthropic/claude-sonnet-4-6": { alias: "fast", params: { maxTokens: 100,
              anthropicBeta: ["context-1m-2025-08-07"] } },
          } },
          list: [{ id: "main", default: true }, { id: "work", params: { cacheRetention: "none" } }],
        }
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_plan_is_the_receipt_of_the_call_up_to_the_send(int seed)
    {
        var random = new Random(seed);
        await using var fixture = await FleetAsync();
        var (planned, refused) = (0, 0);
        for (var round = 0; round < Runs.Of(few: 20, full: 40); round++)
        {
            await DisturbAsync(fixture, random);
            fixture.Sandbox.ClearRequests();
            var input = RandomInputs.Next(random);
            var before = await StatusesAsync(fixture);
            var (plan, failure) = await PlanAsync(fixture, input);
            Assert.Empty(fixture.Sandbox.Requests);
            var after = await StatusesAsync(fixture);
            var answer = await fixture.StreamAsync(input);

            // Files that are written meanwhile make revisions of their own.
            if (before.Revisions != after.Revisions
                || (plan ?? failure!.Receipt)?.StatusRevision != answer.Receipt?.StatusRevision)
            {
                continue;
            }
            Assert.Equal(before, after);
            if (plan is not null)
                Assert.Equal(PlannedPart(answer.Served), plan);
            else
                Assert.Equal(ToldOf(answer.Failed), ToldOf(failure!));
            (planned, refused) = (planned + (plan is null ? 0 : 1), refused + (plan is null ? 1 : 0));
        }

        Assert.True(planned > 5 && refused > 2, $"{planned} planned, {refused} refused: too much of one kind to tell.");
    }

    [Fact]
    public async Task Plan_lists_skipped_routes_attempts_and_the_request()
    {
        await using var fixture = await ServerFixture.StartAsync(Configuration);
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429));
        Assert.Equal("anthropic/claude-sonnet-4-6", (await fixture.StreamAsync()).Served.Model);
        fixture.Sandbox.ClearRequests();
        var (plan, _) = await PlanAsync(fixture, Prompts.Input(with: input => input.CacheRetention = CacheRetention.Long));
        Assert.Equal(
            [("anthropic/claude-opus-4-6", AttemptOutcome.Skipped, "in cooldown: rate_limit"),
                ("anthropic/claude-sonnet-4-6", AttemptOutcome.Planned, "")],
            plan!.Attempts.Select(attempt => (attempt.Model, attempt.Outcome, attempt.Message)));
        Assert.Equal((One, "anthropic/claude-sonnet-4-6", ""), (plan.ProfileId, plan.Model, plan.CompletionId));
        Assert.Equal(($"{fixture.Sandbox.BaseUrl}/v1/messages", "sk-ant-a...00000001"),
            (plan.Sent.Url, plan.Sent.Headers.Single(header => header.Name == "x-api-key").Value));
        Assert.Equal("1h", Assert.Single(plan.Cache.Breakpoints).Ttl);
        Assert.Null(plan.Duration);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Plan_pins_no_session_and_changes_no_rotation()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, KeyTwo);
        var input = Prompts.Input(with: input => input.SessionId = "s");
        for (var turn = 0; turn < 3; turn++)
            Assert.Equal(One, (await PlanAsync(fixture, input)).Plan!.ProfileId);
        await fixture.StreamAsync(input);
        for (var minutes = 0; minutes < 60; minutes += 20)
        {
            Assert.Equal(One, (await PlanAsync(fixture, input)).Plan!.ProfileId);
            fixture.Time.Advance(TimeSpan.FromMinutes(20));
        }

        // An hour after its last use the session is free, however often somebody asked what it would do.
        Assert.Equal(Two, (await PlanAsync(fixture, input)).Plan!.ProfileId);
    }

    [Fact]
    public async Task Invalid_completion_cannot_be_planned()
    {
        await using var fixture = await ServerFixture.StartAsync();
        Assert.Equal("MISSING_CREDENTIALS", (await PlanAsync(fixture, Prompts.Input())).Failure!.Reason);
        Assert.Equal(["input.prompt"], (await PlanAsync(fixture, new CompletionInput())).Failure!.Fields);
    }

    private static async Task<ServerFixture> FleetAsync()
    {
        var fixture = await ServerFixture.StartAsync(Configuration, """headers: { "x-team": "blue" }""");
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, KeyTwo);
        await fixture.OnboardTokenAsync("anthropic:token");
        await fixture.OnboardAsync("anthropic:work", "sk-ant-api03-FAKE-work-key-0000000000000003", agent: "work");
        return fixture;
    }

    // Somewhat later; perhaps a route has been set aside meanwhile.
    private static async Task DisturbAsync(ServerFixture fixture, Random random)
    {
        if (random.Next(4) == 0)
        {
            fixture.Sandbox.ClearScript();
            fixture.Sandbox.Script(Faults.Status(random.Next(4) == 0 ? 402 : 429).Forever());
            var (agent, model) = (random.Next(3) == 0 ? "work" : "", random.Next(2) == 0 ? "fast" : "");
            await fixture.StreamAsync(Prompts.Input(with: input => (input.AgentId, input.Model) = (agent, model)));
        }

        fixture.Sandbox.ClearScript();
        fixture.Sandbox.Script(Replays(AnyStream, streams: true), Replays(AnyMessage, streams: false));
        fixture.Time.Advance(TimeSpan.FromSeconds(random.Next(2) == 0 ? 3600 : random.Next(1, 40)));
    }

    private static Fault Replays(string text, bool streams) =>
        new Fault { Replay = new() { Text = text }, Match = new FaultMatch { Stream = streams } }.Forever();

    private static async Task<(AgentStatus Main, AgentStatus Work, (long, long) Revisions)> StatusesAsync(ServerFixture fixture)
    {
        var (main, work) = (await fixture.StatusAsync(), await fixture.StatusAsync("work"));
        return (main, work, (main.Revision, work.Revision));
    }

    private static async Task<(Receipt? Plan, CallFailure? Failure)> PlanAsync(ServerFixture fixture, CompletionInput input)
    {
        try
        {
            return ((await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = input })).Receipt, null);
        }
        catch (RpcException exception)
        {
            return (null, new CallFailure(exception));
        }
    }

    // Everything but what only sending can tell.
    private static Receipt PlannedPart(Receipt receipt)
    {
        var part = receipt.Clone();
        (part.CompletionId, part.RequestId, part.StopReason) = ("", "", "");
        (part.Usage, part.Cost, part.TimeToFirstEvent, part.Duration) = (null, null, null, null);
        var served = part.Attempts[^1];
        Assert.Equal(AttemptOutcome.Served, served.Outcome);
        part.Attempts[^1] = new Attempt { ProfileId = served.ProfileId, Model = served.Model, Outcome = AttemptOutcome.Planned };
        return part;
    }

    private static (StatusCode, string, string, Receipt?) ToldOf(CallFailure failure)
    {
        var receipt = failure.Receipt?.Clone();
        receipt?.CompletionId = "";
        return (failure.Code, failure.Reason, failure.Message, receipt);
    }
}
