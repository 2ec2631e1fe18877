using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

public class GenerationTests
{
    [Theory]
    [InlineData("clawdbot.json", null, "clawdbot")]
    [InlineData("clawdbot.json", "2026.2.9", "clawdbot")]
    [InlineData("moltbot.json", null, "moltbot")]
    [InlineData("moldbot.json", null, "moltbot")]
    [InlineData("openclaw.json", null, "openclaw")]
    [InlineData("openclaw.json", "2026.1.29", "openclaw-2026.1")]
    [InlineData("openclaw.json", "2026.10.1", "openclaw")]
    [InlineData("openclaw.json", "2026.2.6-3", "openclaw")]
    [InlineData("clawgrpc.json", "2026.1.29", "clawgrpc")]
    public void Generation_follows_from_the_configuration_file(string config, string? writtenBy, string generation) =>
        Assert.Equal(generation, Generation.Of(config, writtenBy).Name);

    [Fact]
    public void Every_generation_is_found_by_its_name()
    {
        Assert.All(Generation.Names.Split(", "), name => Assert.Equal(name, Generation.Find($" {name} ")!.Name));
        Assert.Null(Generation.Find("openclaw-1999"));
    }

    [Fact]
    public void Default_model_has_the_alias_of_its_generation() => Assert.All(
        Generation.Names.Split(", ").Select(name => Generation.Find(name)!),
        generation =>
            Assert.Contains(generation.Aliases, alias => alias.Key == generation.DefaultModel && alias.Alias == "opus"));
}
