using System.Text.Json;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>
/// <c>max_tokens: 0</c> warms a cache: upstream takes it only without <c>stream</c>, and answers without content.
/// </summary>
public class WarmUpTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_cache_is_warm_afterwards(bool stream)
    {
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { MinimumCacheableTokens = 1 });
        await fixture.OnboardAsync();
        var warm = (await fixture.AskAsync(stream, WarmUp())).Served;
        Assert.Equal(("max_tokens", 0, 0), (warm.StopReason, warm.Usage.OutputTokens, warm.Usage.CacheReadInputTokens));
        Assert.True(warm.Usage.CacheCreation5MInputTokens > 0);
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal(("application/json", false),
            (seen.Header("accept"), seen.BodyText.Contains("\"stream\":true", StringComparison.Ordinal)));
        var next = (await fixture.StreamAsync(Prompts.Input(LongPrompt))).Served;
        Assert.Equal(warm.Usage.CacheCreationInputTokens, next.Usage.CacheReadInputTokens);
    }

    [Fact]
    public async Task Warm_up_stream_has_start_stop_reason_and_usage()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = await fixture.StreamAsync(WarmUp());
        Assert.Equal(
            [StreamCompleteResponse.EventOneofCase.Started, StreamCompleteResponse.EventOneofCase.MessageDelta,
                StreamCompleteResponse.EventOneofCase.Finished],
            answer.Parts.Select(part => part.EventCase));
        Assert.Equal(
            ("max_tokens", answer.Served.Usage), (answer.Parts[1].MessageDelta.StopReason, answer.Parts[1].MessageDelta.Usage));
        Assert.StartsWith("msg_", answer.Parts[0].Started.MessageId, StringComparison.Ordinal);
        Assert.Equal($"{One} served", answer.Attempts);
    }

    [Fact]
    public async Task JSON_warm_up_returns_the_message_and_ignores_stream()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        const string body = "{\n  \"id\": \"msg_1\",\r\n  \"type\": \"message\", \"role\": \"assistant\", \"novel\": {\"a\": "
            + "[1]},\n  \"content\": [],\n  \"stop_reason\": \"max_tokens\", \"usage\": {\"input_tokens\": 3, "
            + "\"output_tokens\": 0, \"novel\": 1}\n}\n";
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = body } }.Forever());
        var input = new CompletionInput
        {
            MessagesJson = ByteString.CopyFromUtf8(
            """{"max_tokens":0,"stream":true,"messages":[{"role":"user","content":"x"}]}""")
        };
        var whole = await fixture.Models.CompleteAsync(new CompleteRequest { Input = input, RawJson = true });
        Assert.True(JsonElement.DeepEquals(
            JsonDocument.Parse(body).RootElement, JsonDocument.Parse(whole.Completion.RawJson.Memory).RootElement));
        var raw = await fixture.StreamAsync(input, raw: true);
        Assert.Equal(
            ["message_start", "message_stop"], raw.Parts.Where(part => part.Raw is not null).Select(part => part.Raw.Type));
        Assert.All(fixture.Sandbox.Requests, seen => Assert.False(seen.Json.GetProperty("stream").GetBoolean()));
    }

    [Theory]
    [InlineData("{}", "The answer is malformed: it is JSON, but not a message.")]
    [InlineData("{\"content\":[", "The answer is malformed: it is not JSON (at line 1, byte 12).")]
    [InlineData("event: ping\ndata: {}\n\n", "The answer ended before it began.")]
    public async Task An_answer_that_is_no_message_fails_over(string body, string told)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = body } }.ForKey(KeyOne).Forever());
        var answer = await fixture.CompleteAsync(WarmUp());
        Assert.Equal($"{One} failed ServerError 200, {Two} served", answer.Attempts);
        Assert.Equal(told, answer.Receipt!.Attempts[0].Message);
    }

    [Fact]
    public async Task Rejected_warm_up_gives_upstreams_message()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var failed = (await fixture.CompleteAsync(
            WarmUp(messages => messages.Thinking = new Thinking { Type = "enabled", BudgetTokens = 1024 }))).Failed;
        Assert.Equal(
            (StatusCode.InvalidArgument, "max_tokens: 0 is not supported with `thinking`"), (failed.Code, failed.Message));
    }

    private static readonly string LongPrompt = string.Join(' ', Enumerable.Repeat("Remember this.", 50));

    private static CompletionInput WarmUp(Action<MessagesRequest>? with = null) => Prompts.Input(LongPrompt, input =>
    {
        input.Messages.MaxTokens = 0;
        with?.Invoke(input.Messages);
    });
}
