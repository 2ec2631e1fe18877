using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Agents come and go by calls; the default one stays, and so do files.</summary>
public class AgentListTests
{
    [Fact]
    public async Task First_added_agent_does_not_become_the_default_one()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var added = await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = "My work", Model = "haiku" });
        var agent = added.Agent;
        Assert.Equal(
            ("my-work", "My work", "haiku", false, 0),
            (agent.AgentId, agent.DisplayName, agent.Model, agent.DefaultAgent, agent.ProfileCount));
        Assert.Equal(("main", true), (added.DefaultAgentId, added.DefaultAgentListed));
        Assert.Equal("main", (await fixture.StatusAsync()).AgentId);
        Assert.Equal(
            "anthropic/claude-haiku-4-5",
            (await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = "my-work" })).Status.ResolvedDefault);

        var second = await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = "second" });
        Assert.Equal(("main", false), (second.DefaultAgentId, second.DefaultAgentListed));
        var again = await CallFailure.OfAsync(
            async () => await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = "Second" }));
        Assert.Equal((StatusCode.AlreadyExists, "AGENT_EXISTS"), (again.Code, again.Reason));
    }

    [Fact]
    public async Task Removed_agent_keeps_its_files()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = "work" });
        await fixture.OnboardAsync(agent: "work");
        var removed = await fixture.Auth.RemoveAgentAsync(new RemoveAgentRequest { AgentId = "work" });
        Assert.Equal((1, true, "main"), (removed.ProfileCount, removed.Exists, removed.DefaultAgentId));
        Assert.True(File.Exists(Path.Join(removed.AgentDir, "auth-profiles.json")));
        var again = await CallFailure.OfAsync(
            async () => await fixture.Auth.RemoveAgentAsync(new RemoveAgentRequest { AgentId = "work" }));
        Assert.Equal((StatusCode.NotFound, "AGENT_NOT_FOUND"), (again.Code, again.Reason));
    }

    [Fact]
    public async Task Default_agent_of_several_stays()
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { list: [{ id: 'work' }, { id: 'other' }] }");
        var refused = await CallFailure.OfAsync(
            async () => await fixture.Auth.RemoveAgentAsync(new RemoveAgentRequest { AgentId = "work" }));
        Assert.Equal((StatusCode.FailedPrecondition, "IN_USE"), (refused.Code, refused.Reason));
        Assert.Equal("work", (await fixture.StatusAsync()).AgentId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("!?")]
    [InlineData("a\nb")]
    public async Task Name_without_an_id_is_refused(string name)
    {
        await using var fixture = await ServerFixture.StartAsync();
        var refused = await CallFailure.OfAsync(
            async () => await fixture.Auth.AddAgentAsync(new AddAgentRequest { Name = name }));
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
    }
}
