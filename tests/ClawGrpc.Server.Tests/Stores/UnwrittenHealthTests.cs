using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>What happened upstream while its file could not be written: it is kept, in order, and written later.</summary>
public class UnwrittenHealthTests
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Failure_that_could_not_be_written_is_kept_and_written_later()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var busy = new BusyLock(fixture);
        fixture.Sandbox.Script(Faults.Status(402).ForKey(KeyOne));
        Assert.Equal($"{One} failed Billing 402, {Two} served", (await fixture.StreamAsync()).Attempts);
        var (failed, status) = (fixture.Time.GetUtcNow(), await fixture.StatusAsync());
        await NotWrittenAsync(fixture);
        Assert.Equal(UnusableText.Of(status, failed), UnusableText.Of(await fixture.StatusAsync(), failed));
        Assert.False(fixture.Files.Profiles().TryGetProperty("usageStats", out _));

        busy.Dispose();
        await WrittenAsync(fixture, One, "disabledUntil");
        Assert.Equal("billing", fixture.Files.UsageStats(One).GetProperty("disabledReason").GetString());
        Assert.Equal(failed.ToUnixTimeMilliseconds(), fixture.Files.UsageStats(One).GetProperty("lastFailureAt").GetInt64());
        Assert.Equal(UnusableText.Of(status, failed), UnusableText.Of(await fixture.StatusAsync(), failed));
    }

    [Fact]
    public async Task Success_that_could_not_be_written_is_kept_and_written_later()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var busy = new BusyLock(fixture);
        await fixture.StreamAsync();
        var served = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await NotWrittenAsync(fixture);
        busy.Dispose();
        await WrittenAsync(fixture, One, "lastUsed");
        Assert.Equal(served, fixture.Files.UsageStats(One).GetProperty("lastUsed").GetInt64());
    }

    [Fact]
    public async Task Failure_and_later_success_are_written_in_this_order()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var busy = new BusyLock(fixture);
        fixture.Sandbox.Script(Faults.Status(429, retryAfter: "36000").ForKey(KeyOne));
        await fixture.StreamAsync();

        // The write of the failure is under way, and waits for the lock.
        await fixture.Time.WaitForTimerAsync(FirstDelay, FirstDelay * 2);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        var named = Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{One}");
        Assert.Equal($"{One} served", (await fixture.CompleteAsync(named)).Attempts);
        await NotWrittenAsync(fixture);
        busy.Dispose();
        await WrittenAsync(fixture, One, "lastUsed");
        Assert.Equal("", await fixture.UnusableAsync());
        Assert.False(fixture.Files.UsageStats(One).TryGetProperty("routes", out _));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Success_and_later_failure_are_written_in_this_order()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var busy = new BusyLock(fixture);
        fixture.Sandbox.Script(Faults.Status(402).ForKey(KeyTwo));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        await fixture.Time.WaitForTimerAsync(FirstDelay, FirstDelay * 2);
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        fixture.Sandbox.Script(Faults.Status(429, retryAfter: "36000").ForKey(KeyOne));
        Assert.Equal($"{One} failed RateLimited 429, {Two} failed Billing 402", (await fixture.StreamAsync()).Attempts);
        var status = await fixture.StatusAsync();
        await NotWrittenAsync(fixture);
        busy.Dispose();
        await WrittenAsync(fixture, Two, "disabledUntil");
        var (before, after) = (UnusableText.Of(status, default), UnusableText.Of(await fixture.StatusAsync(), default));
        Assert.Equal((before, 2), (after, status.Auth.UnusableProfiles.Count));
    }

    [Fact]
    public void Read_that_began_before_a_write_does_not_undo_it()
    {
        var own = new OwnProfiles(() => HealthRules.OpenClaw20261, TimeProvider.System);
        var old = AuthProfilesFile.Empty.With(Put(One)).Store;
        Assert.True(own.TryTake(old, null, own.Writes));
        var writes = own.Writes;
        own.BeginWrite();
        var written = AuthProfilesFile.Empty.With(Put(One), Put(Two)).Store;
        own.EndWrite(old, written, [Put(Two)]);

        Assert.Null(own.TryTake(old, null, writes));
        var unreadable = new StateUnreadableException("auth-profiles.json", "it was being written", new IOException());
        Assert.Null(own.TryTake(null, unreadable, writes));
        Assert.Equal((2, null), (own.Now.Profiles.Profiles.Length, own.Now.Problem));
        Assert.False(own.TryTake(written, null, own.Writes));
    }

    [Fact]
    public void Attempt_that_ended_last_does_not_hide_one_that_began_later()
    {
        const string model = "anthropic/claude-opus-4-6";
        var start = new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
        var health = new ProfileHealth
        {
            LastFailureAt = start.AddSeconds(1),
            CooldownUntil = start.AddMinutes(1),
            ErrorCount = 1,
        };
        var store = AuthProfilesFile.Empty.With(Put(One), new SetHealth(One, health)).Store;
        var pending = PendingHealth.None.With(One, new Served(model, start.AddSeconds(2), start.AddSeconds(3)))
            .With(One, new Served(model, start, start.AddSeconds(4)));
        var after = pending.ApplyTo(store, HealthRules.OpenClaw20261, start.AddSeconds(5)).HealthOf(One);
        Assert.Equal((null, 0, start.AddSeconds(4)), (after.CooldownUntil, after.ErrorCount, after.LastUsed));
    }

    private static PutProfile Put(string id) => new(id, new ApiKeyCredential("anthropic", new Secret(KeyOne)));

    private static Task NotWrittenAsync(ServerFixture fixture) => ServerFixture.EventuallyAsync(() =>
    {
        fixture.Time.TryPass(FirstDelay, LongestDelay);
        return Task.FromResult(
            fixture.Log.All.Any(line => line.Contains("Health of agent main is not written yet", StringComparison.Ordinal)));
    });

    private static Task WrittenAsync(ServerFixture fixture, string profile, string member) => ServerFixture.EventuallyAsync(() =>
    {
        fixture.Time.TryPass(FirstDelay, LongestDelay);
        return Task.FromResult(
            fixture.Files.Profiles().TryGetProperty("usageStats", out var all) && all.TryGetProperty(profile, out var stats)
            && stats.TryGetProperty(member, out _));
    });

    /// <summary>The lock of another program that writes for long.</summary>
    private sealed class BusyLock : IDisposable
    {
        private readonly ServerFixture _fixture;
        private readonly string _folder;
        private bool _isOver;

        public BusyLock(ServerFixture fixture)
        {
            (_fixture, _folder) = (fixture, fixture.Files.ProfilesPath() + ".lock");
            Directory.CreateDirectory(_folder);
            Directory.SetLastWriteTimeUtc(_folder, fixture.Time.GetUtcNow().AddSeconds(30).UtcDateTime);
        }

        // A write that waits for it could not end while the clock stands. Once: a lock that is there later is the server's.
        public void Dispose()
        {
            if (_isOver)
                return;
            _isOver = true;
            Directory.Delete(_folder);
            _fixture.Time.TryPass(FirstDelay, LongestDelay);
        }
    }
}
