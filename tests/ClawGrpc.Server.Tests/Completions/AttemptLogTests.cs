using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>What the log has of completions: a line for each attempt that failed, and none else.</summary>
public class AttemptLogTests
{
    private const string Words = "Those are upstream's words about A prompt nobody may keep.";

    [Fact]
    public async Task Failed_attempt_has_one_line_with_its_facts()
    {
        await using var fixture = await WithTwoKeysAsync();
        var before = fixture.Log.All.Count;
        fixture.Sandbox.Script(new Fault { Status = new() { Code = 429, Message = Words } }.ForKey(KeyOne));
        Assert.Null((await fixture.StreamAsync(Prompts.Input("A prompt nobody may keep"))).Failure);
        var line = Assert.Single(fixture.Log.All.Skip(before));
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
        string[] facts = ["Warning", "agent main", $"profile {One}", "RateLimited", "HTTP status 429", "request req_", "until 2"];
        foreach (var fact in facts)
            Assert.Contains(fact, line, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody may keep", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Successful_calls_have_no_line()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StreamAsync();
        var before = fixture.Log.All.Count;
        await fixture.StreamAsync();
        await fixture.CompleteAsync();
        await fixture.Models.GetStatusAsync(new V1.GetStatusRequest());
        Assert.Equal(before, fixture.Log.All.Count);
    }

    [Fact]
    public async Task Interrupted_answer_has_one_line()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var before = fixture.Log.All.Count;
        fixture.Sandbox.Script(new Fault { Error = new(6, "api_error", Words) });
        Assert.NotNull((await fixture.StreamAsync()).Failure);
        Assert.Single(fixture.Log.All.Skip(before), line => line.Contains("Interrupted", StringComparison.Ordinal));
    }
}
