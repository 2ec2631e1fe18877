using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Completions;

public class FirstCompletionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_was_onboarded_completes_a_prompt(bool stream)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = await fixture.AskAsync(stream);
        Assert.Equal("anthropic:one served", answer.Attempts);
        Assert.StartsWith("You said “Hello”.", answer.Text, StringComparison.Ordinal);
        Assert.Equal("end_turn", answer.Served.StopReason);
    }

    // The official SDK refuses to ask for more than 21,333 tokens without a stream: the answer could take longer than a
    // connection lasts.
    [Fact]
    public async Task Whole_answer_may_have_any_length()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = await fixture.CompleteAsync(Prompts.Input(with: input => input.Messages.MaxTokens = 64_000));
        Assert.Equal("end_turn", answer.Served.StopReason);
        var sent = Assert.Single(fixture.Sandbox.Requests).Json;
        Assert.Equal((64_000, true), (sent.GetProperty("max_tokens").GetInt32(), sent.GetProperty("stream").GetBoolean()));
    }
}
