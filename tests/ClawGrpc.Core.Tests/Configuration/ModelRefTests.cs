using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

public class ModelRefTests
{
    private static readonly ModelAliases Aliases = ModelAliases.Of(
        [
            new ModelEntry("anthropic/claude-opus-4-6", null, ModelParameters.None),
            new ModelEntry("anthropic/claude-sonnet-4-5", "", ModelParameters.None),
            new ModelEntry("openrouter/moonshotai/kimi-k2", "Kimi", ModelParameters.None),
            new ModelEntry("anthropic/claude-haiku-4-5", "KIMI-2", ModelParameters.None),
            new ModelEntry("/", "nothing", ModelParameters.None),
        ],
        ModelAliases.OpenClaw20262);

    [Theory]
    [InlineData("anthropic/claude-opus-4-6", "anthropic/claude-opus-4-6")]
    [InlineData("  Anthropic / claude-opus-4-6 ", "anthropic/claude-opus-4-6")]
    [InlineData("claude-opus-4-5", "anthropic/claude-opus-4-5")]
    [InlineData("openrouter/moonshotai/kimi-k2", "openrouter/moonshotai/kimi-k2")]
    [InlineData("z.ai/glm", "zai/glm")]
    [InlineData("opus-4.6", "anthropic/claude-opus-4-6")]
    [InlineData("Opus-4.5", "anthropic/claude-opus-4-5")]
    [InlineData("anthropic/SONNET-4.5", "anthropic/claude-sonnet-4-5")]
    [InlineData("openai/opus-4.5", "openai/opus-4.5")]
    [InlineData("opus", "anthropic/claude-opus-4-6")]
    [InlineData(" OPUS ", "anthropic/claude-opus-4-6")]
    [InlineData("kimi", "openrouter/moonshotai/kimi-k2")]
    [InlineData("sonnet", "anthropic/sonnet")]
    [InlineData("nothing", "anthropic/nothing")]
    [InlineData("anthropic/opus", "anthropic/opus")]
    [InlineData("opus@anthropic:work", "anthropic/claude-opus-4-6@anthropic:work")]
    [InlineData("anthropic/claude-opus-4-5 @ anthropic:me@example.com", "anthropic/claude-opus-4-5@anthropic:me@example.com")]
    public void Model_is_read_in_each_of_its_forms(string text, string expected) =>
        Assert.Equal(expected, ModelRef.Parse(text, Aliases)!.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("/model")]
    [InlineData("provider/")]
    [InlineData("/")]
    [InlineData("@profile")]
    [InlineData("opus@")]
    [InlineData("provider/@profile")]
    public void Invalid_model_key_gives_none(string text) => Assert.Null(ModelRef.Parse(text, Aliases));

    [Fact]
    public void Default_aliases_are_only_for_listed_models_without_one()
    {
        Assert.Equal<(string, string)>(
            [("opus", "anthropic/claude-opus-4-6"), ("Kimi", "openrouter/moonshotai/kimi-k2"),
                ("KIMI-2", "anthropic/claude-haiku-4-5"), ("nothing", "/")],
            Aliases.Entries);
        Assert.Null(ModelAliases.None.Find("opus"));
    }

    [Theory]
    [InlineData("opus", "anthropic/claude-opus-4-5")]
    [InlineData("Sonnet", "anthropic/claude-sonnet-4-5")]
    [InlineData("haiku", "anthropic/claude-haiku-4-5")]
    public void Names_of_Claude_models_work_in_every_folder(string name, string expected)
    {
        var aliases = ModelAliases.Of([], ModelAliases.OpenClaw20261);
        Assert.Equal(expected, aliases.Find(name)?.Key);
        Assert.Empty(aliases.Entries);
    }

    [Fact]
    public void Names_of_Claude_models_go_to_a_listed_model_first()
    {
        var aliases = ModelAliases.Of(
            [new ModelEntry("anthropic/claude-opus-4-6", null, ModelParameters.None)], ModelAliases.OpenClaw20261);
        Assert.Equal("anthropic/claude-opus-4-6", aliases.Find("opus")?.Key);
    }
}
