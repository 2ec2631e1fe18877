using ClawGrpc.Server.Tests.Harness;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Watching;

/// <summary>How often a watcher hears that nothing changed, and that revisions outlive the server.</summary>
public class HeartbeatTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.01, 1)]
    [InlineData(0.999, 1)]
    [InlineData(-5, 1)]
    [InlineData(1.5, 1.5)]
    [InlineData(45, 45)]
    public async Task Heartbeat_comes_when_asked_but_once_a_second_at_most(double asked, double seconds)
    {
        await using var fixture = await WithTwoKeysAsync();
        var known = (await fixture.StatusAsync()).Revision;
        using var watcher = fixture.Watch(known, TimeSpan.FromSeconds(asked));
        var beat = TimeSpan.FromSeconds(seconds);
        await fixture.Time.WaitForTimerAsync(beat, beat);
        fixture.Time.Advance(beat - TimeSpan.FromTicks(1));
        Assert.True(fixture.Time.HasTimer(beat, beat));
        fixture.Time.Advance(TimeSpan.FromTicks(1));
        var message = await watcher.NextMessageAsync();
        Assert.Equal((null, known), (message.Status, message.Revision));
    }

    [Fact]
    public async Task Heartbeat_comes_once_a_day_at_least()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch((await fixture.StatusAsync()).Revision, TimeSpan.FromDays(300));
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromDays(1), TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Revisions_of_an_agent_without_profiles_outlive_a_restart()
    {
        await using var fixture =
            await ServerFixture.StartAsync("agents: { list: [{ id: 'main', default: true }, { id: 'work' }] }");
        string[] agents = ["main", "work"];
        var before = new Dictionary<string, long>();
        foreach (var agent in agents)
            before[agent] = (await fixture.StatusAsync(agent)).Revision;
        for (var restart = 0; restart < 2; restart++)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await fixture.RestartServerAsync();
            foreach (var agent in agents)
            {
                var now = (await fixture.StatusAsync(agent)).Revision;
                Assert.True(now > before[agent], $"{agent}: {now} after {before[agent]}");
                before[agent] = now;
            }
        }
    }

    [Fact]
    public async Task Watcher_that_was_there_before_a_restart_is_told_at_once()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var known = (await fixture.StatusAsync()).Revision;
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.RestartServerAsync();
        using var watcher = fixture.Watch(known);
        var first = await watcher.NextMessageAsync();
        Assert.NotNull(first.Status);
        Assert.True(first.Revision > known, $"{first.Revision} after {known}");
    }
}
