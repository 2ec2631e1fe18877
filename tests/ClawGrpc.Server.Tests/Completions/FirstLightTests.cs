using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Completions;

public class FirstLightTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_that_was_onboarded_completes_a_prompt(bool stream)
    {
        await using var rig = await Rig.StartAsync();
        await rig.OnboardAsync();
        var answer = await rig.AskAsync(stream);
        Assert.Equal("anthropic:one served", answer.Attempts);
        Assert.StartsWith("You said “Hello”.", answer.Text, StringComparison.Ordinal);
        Assert.Equal("end_turn", answer.Served.StopReason);
    }
}
