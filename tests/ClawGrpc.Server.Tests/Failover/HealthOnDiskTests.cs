using System.Text.Json;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>
/// What <c>auth-profiles.json</c> says of failures, as OpenClaw reads it, and what a server that starts on it does.
/// </summary>
public class HealthOnDiskTests
{
    public static TheoryData<string> Rows =>
        [.. FailureRow.All.Where(row => row.Value.SetAside.Length > 0).Select(row => row.Key)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Cooldowns_hold_for_OpenClaw_and_after_a_restart(string name)
    {
        var row = FailureRow.All[name];
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(row.Fault.ForKey(KeyOne).Forever());
        await fixture.StreamAsync();
        var (before, status) = (await fixture.UnusableAsync(), await fixture.StatusAsync());
        await fixture.StopServerAsync();

        // OpenClaw's own rule: unusable while now < max(cooldownUntil, disabledUntil), in milliseconds (openclaw-spec.md,
        // section 4.1).
        var stats = fixture.Files.UsageStats(One);
        var until = Math.Max(Number(stats, "cooldownUntil"), Number(stats, "disabledUntil"));
        var told = status.Auth.UnusableProfiles[0].RecoverTime?.ToDateTimeOffset()
            .ToUnixTimeMilliseconds() ?? DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        Assert.Equal(told, until);
        Assert.Equal(row.SetAside.StartsWith("disabled", StringComparison.Ordinal), stats.TryGetProperty("disabledUntil", out _));
        Assert.Equal((1, 1),
            (Number(stats, "errorCount"), stats.GetProperty("failureCounts").EnumerateObject().Single().Value.GetInt32()));
        Assert.Equal(fixture.Time.GetUtcNow().ToUnixTimeMilliseconds(), Number(stats, "lastFailureAt"));

        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.StartServerAsync();
        var then = fixture.Time.GetUtcNow() - TimeSpan.FromSeconds(1);
        Assert.Equal(before, UnusableText.Of(await fixture.StatusAsync(), then));
        fixture.Sandbox.ClearRequests();
        Assert.Equal($"{Two} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task A_success_is_written_and_clears_what_OpenClaw_would_clear()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await fixture.StreamAsync();
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.StreamAsync();
        await fixture.StopServerAsync();
        var stats = fixture.Files.UsageStats(One);
        Assert.Equal(fixture.Time.GetUtcNow().ToUnixTimeMilliseconds(), Number(stats, "lastUsed"));
        Assert.Equal(0, Number(stats, "errorCount"));
        Assert.All(["cooldownUntil", "disabledUntil", "disabledReason", "failureCounts", "routes"], name => Assert.False(
            stats.TryGetProperty(name, out _), name));
        Assert.Equal(One, fixture.Files.Profiles().GetProperty("lastGood").GetProperty("anthropic").GetString());
    }

    [Fact]
    public async Task Success_is_on_disk_within_a_second_and_failure_at_once()
    {
        await using var fixture = await WithTwoKeysAsync();
        await fixture.StreamAsync();
        fixture.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(fixture.Files.Profiles().TryGetProperty("usageStats", out _));
        fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
        await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Files.Profiles().TryGetProperty("usageStats", out _)));

        await fixture.HealthWrittenAsync();
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await fixture.StreamAsync();
        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(fixture.Files.UsageStats(One).TryGetProperty("cooldownUntil", out _)));
    }

    [Fact]
    public async Task Cooldowns_that_OpenClaw_wrote_are_kept()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        var now = fixture.Time.GetUtcNow();
        await fixture.Files.WriteProfilesAsync($$"""
            {
              "version": 1,
              "profiles": {
                "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" },
                "{{Two}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyTwo}}" }
              },
              "usageStats": {
                "{{One}}": { "cooldownUntil": {{now.AddSeconds(90).ToUnixTimeMilliseconds()}}, "errorCount": 2,
                  "lastFailureAt": {{now.ToUnixTimeMilliseconds()}} },
                "{{Two}}": { "disabledUntil": {{now.AddHours(5).ToUnixTimeMilliseconds()}}, "disabledReason": "billing" }
              }
            }
            """);
        await fixture.StartServerAsync();
        Assert.Equal(
            $"{One} cooldown , all models, 90 s\n{Two} disabled billing, all models, 18000 s", await fixture.UnusableAsync());
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", (await fixture.StreamAsync()).Failed.Reason);
        fixture.Time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    private static long Number(JsonElement stats, string name) =>
        stats.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
}
