using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Tests.Configuration;

public class AgentEditsTests
{
    private static readonly AgentEntry Work = new("work");

    [Fact]
    public void First_agent_is_listed_behind_the_default_one() => Assert.Equal(
        new ConfigurationEdit("{ x: 1, agents: { list: [{ id: \"main\", default: true }, { id: \"work\" }] } }"),
        AgentEdits.Add("{ x: 1 }", Work, AgentsConfiguration.None, "main"));

    [Theory]
    [InlineData("{ agents: { list: [{ id: 'one' } /* mine */] } }",
        "{ agents: { list: [{ id: 'one' } /* mine */, { id: 'work' }] } }")]
    [InlineData("{ agents: { entries: { one: {} } } }", "{ agents: { entries: { one: {}, work: {} } } }")]
    public void Further_agent_is_added_at_the_end(string before, string after)
    {
        var configured = new AgentsConfiguration { List = [new AgentEntry("one")] };
        Assert.Equal(new ConfigurationEdit(after), AgentEdits.Add(before, Work, configured, "one"));
    }

    [Fact]
    public void Agents_of_an_included_file_count()
    {
        var configured = new AgentsConfiguration { List = [new AgentEntry("one")] };
        Assert.Equal(
            new ConfigurationEdit("{ x: 1, agents: { list: [{ id: \"work\" }] } }"),
            AgentEdits.Add("{ x: 1 }", Work, configured, "one"));
    }

    [Fact]
    public void Name_and_model_are_written()
    {
        var configured = new AgentsConfiguration { List = [new AgentEntry("a")] };
        var agent = new AgentEntry("my-agent") { Name = "My agent", Model = new ModelChoice { Primary = "opus" } };
        Assert.Equal(
            "{ agents: { list: [{ id: 'a' }, { id: 'my-agent', name: 'My agent', model: 'opus' }] } }",
            AgentEdits.Add("{ agents: { list: [{ id: 'a' }] } }", agent, configured, "a").Text);
    }

    [Theory]
    [InlineData("{}", "main")]
    [InlineData("{ agents: { list: [{ id: 'Work' }] } }", "work")]
    public void Agent_that_exists_is_refused(string text, string id) => Assert.Equal(
        new ConfigurationEdit(text, $"There is an agent \"{id}\" already.") { Reason = RefusalReason.AgentExists },
        AgentEdits.Add(text, new AgentEntry(id), AgentsConfiguration.None, "main"));

    [Theory]
    [InlineData("{ agents: { list: [{ id: 'main', default: true }, { id: 'Work' }, /* mine */] } }",
        "{ agents: { list: [{ id: 'main', default: true }, /* mine */] } }")]
    [InlineData("{ agents: { entries: { main: {}, Work: { name: 'w' } } } }", "{ agents: { entries: { main: {} } } }")]
    public void Agent_is_removed(string before, string after) =>
        Assert.Equal(new ConfigurationEdit(after), AgentEdits.Remove(before, "work", "main"));

    [Fact]
    public void Default_agent_is_removed_only_as_the_last_one()
    {
        const string Two = "{ agents: { list: [{ id: 'work' }, { id: 'other' }] } }";
        Assert.Equal(
            new ConfigurationEdit(
                Two, "work is the default agent. Give another one \"default\": true in the configuration first.")
            {
                Reason = RefusalReason.InUse,
            },
            AgentEdits.Remove(Two, "work", "work"));
        Assert.Equal(
            new ConfigurationEdit("{ agents: { list: [] } }"),
            AgentEdits.Remove("{ agents: { list: [{ id: 'work' }] } }", "work", "work"));
    }

    [Fact]
    public void Agent_that_is_not_listed_is_refused() => Assert.Equal(
        new ConfigurationEdit("{}", "The agent \"work\" is not in the configuration.") { Reason = RefusalReason.AgentNotFound },
        AgentEdits.Remove("{}", "work", "main"));
}
