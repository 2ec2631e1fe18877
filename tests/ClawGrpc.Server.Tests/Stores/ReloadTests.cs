using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Files are looked at whenever they change, by this server's own writes too.</summary>
public class ReloadTests
{
    [Fact]
    public async Task Stored_profile_stays_visible_despite_concurrent_reloads()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var agent = await fixture.Part<Fleet>().FindAsync(Caller.Server, "");
        using var stop = new CancellationTokenSource();
        var reloads = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await agent.ReloadAsync(CancellationToken.None);
        })).ToList();
        try
        {
            for (var count = 0; count < Runs.Of(few: 30, full: 100); count++)
            {
                await fixture.OnboardAsync($"anthropic:{count}", Credentials.KeyTwo);
                Assert.NotNull(agent.Profiles.Readable.Find($"anthropic:{count}"));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(reloads);
        }
    }
}
