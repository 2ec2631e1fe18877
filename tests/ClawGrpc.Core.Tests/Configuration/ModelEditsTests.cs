using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Core.Tests.Configuration;

public class ModelEditsTests
{
    private const string Opus = "anthropic/claude-opus-4-6";

    private static readonly ModelAliases Aliases = ModelAliases.Of([new ModelEntry(Opus, "opus", ModelParameters.None)], []);

    [Theory]
    [InlineData("{ x: 1 }", "{ x: 1, agents: { defaults: { model: { primary: \"anthropic/claude-opus-4-6\" }, models: { "
        + "\"anthropic/claude-opus-4-6\": {} } } } }")]
    [InlineData("{ agents: { defaults: { model: 'a/b', models: { 'anthropic/claude-opus-4-6': { alias: 'opus' } } } } }",
        "{ agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-6' }, models: { 'anthropic/claude-opus-4-6': { "
            + "alias: 'opus' } } } } }")]
    [InlineData("{ agents: { defaults: { model: { primary: 'a/b', /* then */ fallbacks: ['c/d'] }, models: { 'c/d': {} } } } }",
        "{ agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-6', /* then */ fallbacks: ['c/d'] }, models: { "
            + "'c/d': {}, 'anthropic/claude-opus-4-6': {} } } } }")]
    public void Default_model_is_set_and_listed(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), ModelEdits.SetDefault(before, "opus", Aliases));

    [Theory]
    [InlineData("{ models: 1 }",
        "{ models: 1, agents: { defaults: { models: { \"anthropic/claude-opus-4-6\": { alias: \"best\" } } } } }")]
    [InlineData("{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': { alias: 'opus', params: {} } } } } }",
        "{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': { alias: 'best', params: {} } } } } }")]
    public void Alias_is_set(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), ModelEdits.AddAlias(before, " best ", Opus, Aliases));

    [Theory]
    [InlineData("", "Alias cannot be empty.")]
    [InlineData("the best", "Alias must use letters, numbers, dots, underscores, colons, or dashes.")]
    [InlineData("best\n!", "Alias must use letters, numbers, dots, underscores, colons, or dashes.")]
    [InlineData("taken", "Alias taken already points to c/d.")]
    public void Invalid_alias_is_refused(string alias, string refusal)
    {
        const string Text = "{ agents: { defaults: { models: { 'c/d': { alias: ' taken ' } } } } }";
        Assert.Equal(new ConfigurationEdit(Text, refusal), ModelEdits.AddAlias(Text, alias, Opus, Aliases));
    }

    [Fact]
    public void Alias_is_removed_and_its_model_stays()
    {
        const string Text = "{ agents: { defaults: { models: { 'c/d': { alias: 'x', params: {} }, } } } }";
        Assert.Equal(
            "{ agents: { defaults: { models: { 'c/d': { params: {} }, } } } }", ModelEdits.RemoveAlias(Text, "x", Aliases).Text);
        Assert.Equal(new ConfigurationEdit(Text, "Alias not found: X"), ModelEdits.RemoveAlias(Text, "X", Aliases));
    }

    [Fact]
    public void Default_alias_is_resolved_like_others()
    {
        const string Listed = "{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': {} } } } }";
        Assert.Equal(
            new ConfigurationEdit(Listed, "Alias opus already points to anthropic/claude-opus-4-6."), ModelEdits.AddAlias(
                Listed, "opus", "c/d", Aliases));
        Assert.Equal(
            new ConfigurationEdit("{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': { alias: '' } } } } }"),
            ModelEdits.RemoveAlias(Listed, "opus", Aliases));
    }

    [Fact]
    public void Image_models_are_edited_likewise()
    {
        const string Text = "{ agents: { defaults: { model: 'a/b', imageModel: 'c/d', models: { 'anthropic/claude-opus-4-6': {}, "
            + "'e/f': {} } } } }";
        var set = ModelEdits.SetDefault(Text, "opus", Aliases, image: true).Text;
        Assert.Equal(Text.Replace("'c/d'", "{ primary: 'anthropic/claude-opus-4-6' }", StringComparison.Ordinal), set);
        var added = ModelEdits.AddFallback(Text, "e/f", Aliases, image: true).Text;
        Assert.Equal(Text.Replace("'c/d'", "{ primary: 'c/d', fallbacks: ['e/f'] }", StringComparison.Ordinal), added);
        Assert.Equal(new ConfigurationEdit(
            added, "Image fallback not found: g/h"), ModelEdits.RemoveFallback(added, "g/h", Aliases, image: true));
        Assert.Equal(added.Replace(
            "['e/f']", "[]", StringComparison.Ordinal), ModelEdits.RemoveFallback(added, "e/f", Aliases, image: true).Text);
        Assert.Equal(
            added.Replace("['e/f']", "[]", StringComparison.Ordinal), ModelEdits.ClearFallbacks(added, image: true).Text);
    }

    [Theory]
    [InlineData("{ agents: { defaults: { model: 'a/b' } } }",
        "{ agents: { defaults: { model: { primary: 'a/b', fallbacks: ['anthropic/claude-opus-4-6'] }, models: { "
            + "'anthropic/claude-opus-4-6': {} } } } }")]
    [InlineData("{ agents: { defaults: { model: { fallbacks: ['c/d'] }, models: { 'anthropic/claude-opus-4-6': {} } } } }",
        "{ agents: { defaults: { model: { fallbacks: ['c/d', 'anthropic/claude-opus-4-6'] }, models: { "
            + "'anthropic/claude-opus-4-6': {} } } } }")]
    [InlineData("{ agents: { defaults: { model: { fallbacks: ['opus'] } } } }",
        "{ agents: { defaults: { model: { fallbacks: ['opus'] } } } }")]
    public void Fallback_is_added_once(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), ModelEdits.AddFallback(before, "opus-4.6", Aliases));

    [Fact]
    public void Fallback_is_removed_by_alias_or_reference()
    {
        const string Text = "{ agents: { defaults: { model: { fallbacks: ['opus', 'c/d', 'anthropic/opus-4.6'] } } } }";
        Assert.Equal(
            "{ agents: { defaults: { model: { fallbacks: ['c/d'] } } } }", ModelEdits.RemoveFallback(Text, Opus, Aliases).Text);
        Assert.Equal(new ConfigurationEdit(Text, "Fallback not found: e/f"), ModelEdits.RemoveFallback(Text, "e/f", Aliases));
    }

    [Theory]
    [InlineData("{ agents: { defaults: { model: { primary: 'a/b', fallbacks: ['opus', /* gone */ 'c/d'] } } } }",
        "{ agents: { defaults: { model: { primary: 'a/b', fallbacks: [] } } } }")]
    [InlineData("{ agents: { defaults: { model: { fallbacks: [/* none */] } } } }",
        "{ agents: { defaults: { model: { fallbacks: [/* none */] } } } }")]
    [InlineData(
        "{ agents: { defaults: { model: 'a/b' } } }", "{ agents: { defaults: { model: { primary: 'a/b', fallbacks: [] } } } }")]
    public void Fallbacks_are_cleared(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), ModelEdits.ClearFallbacks(before));

    [Theory]
    [InlineData("")]
    [InlineData("/x")]
    [InlineData("opus@anthropic:work")]
    public void Invalid_model_reference_is_refused(string model) =>
        Assert.Equal(
            new ConfigurationEdit("{}", $"Invalid model reference: {model}"), ModelEdits.SetDefault("{}", model, Aliases));
}
