using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Many calls that are upstream at once when a credential begins to fail: one burst, and one step.</summary>
public class BurstTests
{
    private const int Calls = 100;
    private static readonly int Bursts = Runs.Of(few: 4, full: 50);

    // Less than the shortest cooldown: one that is over would end the burst.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(429, 60)]
    [InlineData(402, 18_000)]
    public async Task Parallel_failures_are_one_step(int status, int seconds)
    {
        for (var burst = 0; burst < Bursts; burst++)
        {
            await using var fixture = await WithTwoKeysAsync();
            fixture.Sandbox.Script(Faults.Status(status).Forever());
            var start = fixture.Time.GetUtcNow();
            using var ticking = new CancellationTokenSource();
            var tick = TickAsync(fixture, ticking.Token);
            var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Task.Run(() => fixture.StreamAsync())));
            await ticking.CancelAsync();
            await tick;
            Assert.All(answers, answer => Assert.NotNull(answer.Failure));
            var auth = (await fixture.StatusAsync()).Auth;
            Assert.All(auth.Profiles, profile => Assert.Equal((profile.ProfileId, 1), (profile.ProfileId, profile.ErrorCount)));
            Assert.Equal(2, auth.UnusableProfiles.Count);
            Assert.All(auth.UnusableProfiles, aside => Assert.InRange(
                aside.RecoverTime.ToDateTimeOffset().AddSeconds(-seconds), start, fixture.Time.GetUtcNow()));
        }
    }

    // Time passes while the calls are under way.
    private static async Task TickAsync(ServerFixture fixture, CancellationToken end)
    {
        var step = TimeSpan.FromMilliseconds(1);
        for (var passed = TimeSpan.Zero; passed < Longest && !end.IsCancellationRequested; passed += step)
        {
            fixture.Time.Advance(step);
            await Task.Yield();
        }
    }
}
