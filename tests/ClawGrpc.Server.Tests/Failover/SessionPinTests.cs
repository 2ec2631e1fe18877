using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Without an order the least recently used profile serves; a session keeps the one that it has.</summary>
public class SessionPinTests
{
    [Fact]
    public async Task Calls_without_a_session_take_turns_and_a_session_stays()
    {
        await using var fixture = await StartAsync();
        Assert.Equal([One, Two, One, Two], await ServedByAsync(fixture, "", "", "", ""));
        Assert.Equal([One, One, One, Two, Two], await ServedByAsync(fixture, "a", "a", "a", "b", "b"));
    }

    [Fact]
    public async Task Session_leaves_a_cooling_profile_and_stays_on_the_new_one()
    {
        await using var fixture = await StartAsync();
        Assert.Equal([One], await ServedByAsync(fixture, "a"));
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        Assert.Equal([Two, Two], await ServedByAsync(fixture, "a", "a"));
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([Two, One, Two], await ServedByAsync(fixture, "a", "", "a"));
    }

    [Fact]
    public async Task A_session_is_an_agents_own()
    {
        await using var fixture = await StartAsync("agents: { list: [{ id: \"main\", default: true }, { id: \"work\" }] }");
        await fixture.OnboardAsync(Two, KeyTwo, agent: "work");
        Assert.Equal([One, One], await ServedByAsync(fixture, "a", "a"));
        var work = await fixture.StreamAsync(Prompts.Input(with: input => (input.AgentId, input.SessionId) = ("work", "a")));
        Assert.Equal(Two, work.Served.ProfileId);
    }

    [Fact]
    public async Task Profile_removed_from_the_order_serves_no_session()
    {
        await using var fixture = await StartAsync();
        Assert.Equal([One], await ServedByAsync(fixture, "a"));
        await fixture.Auth.SetProfileOrderAsync(new V1.SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { Two } });
        Assert.Equal([Two], await ServedByAsync(fixture, "a"));
    }

    [Fact]
    public async Task Session_unused_for_longer_than_a_cache_lives_is_forgotten()
    {
        await using var fixture = await StartAsync();
        Assert.Equal([One], await ServedByAsync(fixture, "a"));
        fixture.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal([Two], await ServedByAsync(fixture, "a"));
    }

    private static async Task<ServerFixture> StartAsync(string more = "")
    {
        var fixture = await ServerFixture.StartAsync(more);
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, KeyTwo);
        return fixture;
    }

    private static async Task<List<string>> ServedByAsync(ServerFixture fixture, params string[] sessions)
    {
        var served = new List<string>();
        foreach (var session in sessions)
        {
            // Two uses in the same millisecond would be equally recent.
            fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
            served.Add((await fixture.StreamAsync(Prompts.Input(with: input => input.SessionId = session))).Served.ProfileId);
        }

        return served;
    }
}
