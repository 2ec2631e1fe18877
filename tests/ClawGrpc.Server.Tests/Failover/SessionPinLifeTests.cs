using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>For how long a session keeps its profile, how many sessions are kept, and whose they are.</summary>
public class SessionPinLifeTests
{
    private const int Most = 100_000;

    [Fact]
    public async Task Session_keeps_its_profile_as_long_as_a_cache_may_live()
    {
        await using var fixture = await StartAsync();
        Assert.Equal(One, await ServedByAsync(fixture, "a"));

        // Without the session, the profile that rested longer would serve. Each use begins the time anew.
        for (var use = 0; use < 3; use++)
        {
            fixture.Time.Advance(TimeSpan.FromMinutes(59));
            Assert.Equal(One, await ServedByAsync(fixture, "a"));
        }

        fixture.Time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(Two, await ServedByAsync(fixture, "a"));
    }

    [Fact]
    public async Task Session_of_one_agent_says_nothing_of_anothers()
    {
        await using var fixture = await StartAsync("agents: { list: [{ id: 'main', default: true }, { id: 'work' }] }");
        await fixture.OnboardAsync(One, KeyOne, agent: "work");
        await fixture.OnboardAsync(Two, KeyTwo, agent: "work");
        Assert.Equal(One, await ServedByAsync(fixture, "a"));
        Assert.Equal(One, await ServedByAsync(fixture, "", "work"));
        Assert.Equal(Two, await ServedByAsync(fixture, "a", "work"));
        Assert.Equal([One, Two], [await ServedByAsync(fixture, "a"), await ServedByAsync(fixture, "a", "work")]);
    }

    [Fact]
    public async Task Sessions_are_bounded_and_new_ones_still_kept()
    {
        var time = new ManualTimeProvider();
        using var folder = new TestFolder();
        using var store = new FileStore(StateFolder.Resolve(folder.Path, _ => null, "/"), _ => null, time);
        await using var pins = new SessionPins(store, time);
        for (var session = 0; session < Most + (Most / 2); session++)
            pins.Pin("main", $"{session}", One);
        var kept = Enumerable.Range(0, Most + (Most / 2)).Count(session => pins.Find("main", $"{session}") is not null);
        Assert.InRange(kept, Most / 2, Most);
        await ServerFixture.EventuallyAsync(() =>
        {
            pins.Pin("main", "new", Two);
            return Task.FromResult(pins.Find("main", "new") == Two);
        });
    }

    private static async Task<ServerFixture> StartAsync(string more = "")
    {
        var fixture = await ServerFixture.StartAsync(more);
        await fixture.OnboardAsync(One, KeyOne);
        await fixture.OnboardAsync(Two, KeyTwo);
        return fixture;
    }

    private static async Task<string> ServedByAsync(ServerFixture fixture, string session, string agent = "main")
    {
        // Two uses in the same millisecond would be equally recent.
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        var input = Prompts.Input(with: input => (input.AgentId, input.SessionId) = (agent, session));
        return (await fixture.StreamAsync(input)).Served.ProfileId;
    }
}
