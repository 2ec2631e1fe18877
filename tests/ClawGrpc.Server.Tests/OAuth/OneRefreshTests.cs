using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>How often a login is refreshed for one call, and what a stop waits for.</summary>
public class OneRefreshTests
{
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(-1);
    private static readonly TimeSpan Good = TimeSpan.FromHours(4);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Login_is_refreshed_once_a_call_however_late_a_refusal(bool stream)
    {
        // Longer than a granted token counts as too new for another refresh to help.
        var late = TimeSpan.FromMinutes(2);
        await using var fixture = await ServerFixture.PrepareAsync();
        fixture.Generation = "openclaw";
        await fixture.StoreLoginAsync(Good, withKey: true);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, $$"""
            clawgrpc: { timeouts: { firstEventSeconds: 600 },
              oauth: { tokenUrl: '{{fixture.Sandbox.BaseUrl}}{{Login.Path}}', clientId: '{{Login.ClientId}}' } }
            """);
        await fixture.StartServerAsync();
        var refused = Faults.Status(401).For(new FaultMatch { KeyPrefix = "sk-ant-oat01-" });
        fixture.Sandbox.Script(
            refused.ForKey(Login.Access), (refused with { Slow = new((int)late.TotalMilliseconds) }).Forever());
        var answer = await fixture.Time.PassUntilAsync(fixture.AskAsync(stream), late, late);
        Assert.Equal(
            $"{One} failed CredentialRejected 401, {One} failed CredentialRejected 401, {Two} served", answer.Attempts);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Callers_that_come_one_by_one_wait_for_the_same_refresh()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        var calls = new List<Task<Answer>> { fixture.StreamAsync() };
        await fixture.AskedAsync(1);
        for (var more = 0; more < 5; more++)
        {
            calls.Add(fixture.StreamAsync());
            await fixture.StatusAsync();
        }

        // None of them waits in a queue for a lock of its own.
        Assert.False(fixture.Time.HasTimer(TimeSpan.FromMilliseconds(100), Login.Slowness - TimeSpan.FromMilliseconds(1)));
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.All(await Task.WhenAll(calls), answer => Assert.Equal($"{One} served", answer.Attempts));
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Grant_is_on_disk_when_a_stop_in_its_middle_ends()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        using (var call = fixture.OpenStream())
            await fixture.AskedAsync(1);
        var services = fixture.Part<IServiceProvider>();
        var stop = fixture.StopServerAsync();

        // Its parts are being disposed of, and another server starts and stops: time enough for a stop that waits for nothing.
        await ServerFixture.EventuallyAsync(() => Task.FromResult(IsDisposed(services)));
        await (await ServerFixture.StartAsync()).DisposeAsync();
        Assert.False(stop.IsCompleted, "The stop did not wait for the refresh.");
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        await stop;
        Assert.NotEqual((Login.Refresh, Login.Access), (fixture.Stored("refresh"), fixture.Stored("access")));
        Assert.Equal(Outcome.Answered, fixture.Grants().Single().Outcome);
    }

    [Fact]
    public async Task Stop_gives_up_a_refresh_that_has_not_asked_yet()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromMinutes(6));
        await fixture.StatusAsync();

        // As another server that refreshes this login when it is due.
        await using var lease = await fixture.Part<IStateStore>().LeaseAsync("main", One);
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));

        // The clock stands: whatever waits for the lease waits on.
        await fixture.StopServerAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(fixture.Grants());
        Assert.Equal(Login.Refresh, fixture.Stored("refresh"));
    }

    private static bool IsDisposed(IServiceProvider services)
    {
        try
        {
            return services.GetService(typeof(TimeProvider)) is null;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }
}
