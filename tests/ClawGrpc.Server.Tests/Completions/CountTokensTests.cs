using ClawGrpc.Server.Tests.Failover;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>Counting a prompt: a completion's way without its end.</summary>
public class CountTokensTests
{
    private const string WithToolAndBreakpoint = """
        { "max_tokens": 5, "stream": true, "metadata": {"user_id": "u"},
          "tools": [{"name":"t","input_schema":{"type":"object"}}], "tool_choice": {"type":"auto"},
          "messages": [{"role":"user","content":[{"type":"text","text":"é","cache_control":{"type":"ephemeral","ttl":"1h"}}]}] }
        """;

    private const string CountPath = "/v1/messages/count_tokens";

    public static TheoryData<string> Rows => [.. FailureRow.All.Keys.Where(name => IsOfAnyAnswer(FailureRow.All[name]))];

    [Fact]
    public async Task A_typed_prompt_is_counted_without_what_makes_an_answer()
    {
        await using var fixture = await WithTwoKeysAsync();
        var input = Prompts.Input("Count me.", input =>
        {
            input.Messages.System.Add(Prompts.Text("Be brief."));
            input.Messages.Temperature = 0.5;
            input.Messages.StopSequences.Add("stop");
            input.Messages.ServiceTier = "auto";
        });
        var counted = await CountAsync(fixture, input);
        Assert.True(counted.InputTokens > 3);
        Assert.Equal("anthropic/claude-opus-4-6", counted.Model);
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal(
            ("POST", CountPath, KeyOne, "application/json"), (seen.Method, seen.Path, seen.Credential, seen.Header("accept")));
        Assert.Equal("""{"model":"claude-opus-4-6","system":[{"type":"text","text":"Be brief."}]"""
            + ""","messages":[{"role":"user","content":[{"type":"text","text":"Count me."}]}]}""", seen.BodyText);
    }

    [Fact]
    public async Task JSON_request_is_counted_with_prompt_members_and_breakpoints()
    {
        await using var fixture =
            await WithTwoKeysAsync("""agents: { defaults: { models: { "anthropic/claude-sonnet-4-6": { alias: "fast" } } } }""");
        var counted = await CountAsync(fixture, new CompletionInput
        {
            Model = "fast",
            CacheRetention = CacheRetention.Long,
            MessagesJson = ByteString.CopyFromUtf8(WithToolAndBreakpoint),
        });
        Assert.Equal("anthropic/claude-sonnet-4-6", counted.Model);
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal(
            """{"model":"claude-sonnet-4-6","tools": [{"name":"t","input_schema":{"type":"object"}}]"""
                + ""","tool_choice": {"type":"auto"}"""
                + ""","messages": [{"role":"user","content":[{"type":"text","text":"é","cache_control":"""
                + """{"type":"ephemeral","ttl":"1h"}}]}]}""",
            seen.BodyText);
        Assert.Equal(["extended-cache-ttl-2025-04-11"], seen.Betas);
    }

    [Fact]
    public async Task Counting_costs_nothing_and_changes_no_health()
    {
        await using var fixture = await WithTwoKeysAsync();
        var before = await fixture.StatusAsync();
        await CountAsync(fixture, Prompts.Input(with: input => input.SessionId = "s"));
        Assert.Equal(before, await fixture.StatusAsync());
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Failed_count_fails_over_and_its_rate_limit_keeps_the_route(string name)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.For(row.Fault.Match with { Path = CountPath, Key = KeyOne }).Forever());
        var counting = CountAsync(fixture, Prompts.Input());
        if (row.TriesNext)
        {
            Assert.True((await fixture.Time.PassUntilAsync(
                counting, TimeSpan.FromMilliseconds(101), TimeSpan.FromMilliseconds(999))).InputTokens > 0);
        }
        else
        {
            Assert.Equal((row.Reason, row.Code), ReasonOf(await CallFailure.OfAsync(() => counting)));
        }
        Assert.Equal([.. Enumerable.Repeat(KeyOne, row.Sends), .. row.TriesNext ? [KeyTwo] : Array.Empty<string>()],
            fixture.Sandbox.Requests.Select(request => request.Credential!));
        var aside = row.Kind == FailureKind.RateLimited ? "" : row.SetAside;
        Assert.Equal(aside.Length > 0 ? $"{One} {aside}" : "", await fixture.UnusableAsync());
    }

    [Theory]
    [InlineData("""{"input_tokens":-1}""")]
    [InlineData("""{"input_tokens":"3"}""")]
    [InlineData("""{"tokens":3}""")]
    [InlineData("[3]")]
    [InlineData("3 tokens")]
    [InlineData("")]
    public async Task Malformed_count_is_an_upstream_failure_with_a_receipt(string body)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = body } }.ForPath(CountPath).Forever());
        var failed = await CallFailure.OfAsync(() => CountAsync(fixture, Prompts.Input()));
        Assert.Equal(("SERVER_ERROR", StatusCode.Unavailable), ReasonOf(failed));
        Assert.Equal(2, failed.Receipt!.Attempts.Count);
        Assert.StartsWith("The answer is malformed: it is ", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_that_leaves_takes_the_request_along()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.StallBeforeHeaders().ForPath(CountPath));
        using var leave = new CancellationTokenSource();
        var counting = fixture.Models.CountTokensAsync(
            new CountTokensRequest { Input = Prompts.Input() }, cancellationToken: leave.Token);
        await fixture.Sandbox.WaitForRequestsAsync(1);
        await leave.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(async () => await counting);
        Assert.Equal(KeyOne, Assert.Single(await fixture.Sandbox.WaitForAbortsAsync(1)).Credential);
    }

    [Fact]
    public async Task Invalid_completion_cannot_be_counted()
    {
        await using var fixture = await ServerFixture.StartAsync();
        Assert.Equal("MISSING_CREDENTIALS", (await CallFailure.OfAsync(() => CountAsync(fixture, Prompts.Input()))).Reason);
        Assert.Equal("INVALID_FIELD", (await CallFailure.OfAsync(() => CountAsync(fixture, new CompletionInput()))).Reason);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    // Those that are not of a stream.
    private static bool IsOfAnyAnswer(FailureRow row) => row.Fault.Status is not null || row.Fault.Drop;

    private static (string, StatusCode) ReasonOf(CallFailure failure) => (failure.Reason, failure.Code);

    private static async Task<CountTokensResponse> CountAsync(ServerFixture fixture, CompletionInput input) =>
        await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = input });
}
