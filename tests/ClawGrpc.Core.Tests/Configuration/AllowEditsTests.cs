using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Configuration;

public class AllowEditsTests
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private const string Haiku = "anthropic/claude-haiku-4-5";

    private static readonly ModelAliases Aliases = ModelAliases.Of([new ModelEntry(Opus, "opus", ModelParameters.None)], []);
    private static readonly ImmutableDictionary<string, string> Unused = ImmutableDictionary<string, string>.Empty;

    [Theory]
    [InlineData("{ x: 1 }", "{ x: 1, agents: { defaults: { models: { \"anthropic/claude-opus-4-6\": {} } } } }")]
    [InlineData("{ agents: { defaults: { models: { /* mine */ 'a/b': { alias: 'b' }, } } } }",
        "{ agents: { defaults: { models: { /* mine */ 'a/b': { alias: 'b' }, 'anthropic/claude-opus-4-6': {}, } } } }")]
    [InlineData("{ agents: { defaults: { models: { 'anthropic/opus-4.6': { alias: 'b' } } } } }",
        "{ agents: { defaults: { models: { 'anthropic/opus-4.6': { alias: 'b' } } } } }")]
    public void Model_is_listed_once(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), AllowEdits.Allow(before, ["opus", Opus], Aliases));

    [Fact]
    public void Last_model_ends_the_list_though_it_is_used()
    {
        const string Text = "{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': {} } } } } // mine";
        Assert.Equal(
            new ConfigurationEdit("{ agents: { defaults: { models: {} } } } // mine"),
            AllowEdits.Disallow(Text, ["opus"], Aliases, Unused.Add(Opus, "used")));
    }

    [Fact]
    public void Used_model_stays_in_a_list_that_remains()
    {
        const string Text =
            "{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': {}, 'anthropic/claude-haiku-4-5': {} } } } }";
        Assert.Equal(
            new ConfigurationEdit(Text, "used") { Reason = RefusalReason.InUse },
            AllowEdits.Disallow(Text, ["opus"], Aliases, Unused.Add(Opus, "used")));
        Assert.Equal(
            new ConfigurationEdit("{ agents: { defaults: { models: { 'anthropic/claude-opus-4-6': {} } } } }"),
            AllowEdits.Disallow(Text, [Haiku], Aliases, Unused.Add(Opus, "used")));
    }

    [Theory]
    [InlineData("c/d", "Not in the list of allowed models: c/d")]
    [InlineData("a/", "Invalid model reference: a/")]
    public void Model_that_is_not_listed_is_refused(string model, string refusal)
    {
        const string Text = "{ agents: { defaults: { models: { 'a/b': {} } } } }";
        Assert.Equal(new ConfigurationEdit(Text, refusal), AllowEdits.Disallow(Text, [model], Aliases, Unused));
    }

    [Fact]
    public void Default_model_fallbacks_and_models_of_agents_are_used()
    {
        var agents = new AgentsConfiguration
        {
            Model = new ModelChoice { Primary = "opus", Fallbacks = [Haiku] },
            List = [new AgentEntry("work") { Model = new ModelChoice { Primary = "x/y" } }],
        };
        Assert.Equal(
            [
                (Haiku, $"{Haiku} is a fallback. Remove it there first: claw models fallbacks remove {Haiku}"),
                (Opus, $"{Opus} is the default model. Set another one first: claw models set NAME"),
                ("x/y", "x/y is a model of the agent work. Change that in agents.list first."),
            ],
            AllowEdits.UsesOf(agents, "opus", Aliases).OrderBy(use => use.Key).Select(use => (use.Key, use.Value)));
    }
}
