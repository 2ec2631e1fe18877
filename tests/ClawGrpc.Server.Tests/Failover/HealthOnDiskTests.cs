using System.Text.Json;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>What <c>auth-profiles.json</c> says of failures, as OpenClaw reads it, and what a server that starts on it does.</summary>
public class HealthOnDiskTests
{
    public static TheoryData<string> Rows => [.. FailureRow.All.Where(row => row.Value.SetAside.Length > 0).Select(row => row.Key)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task What_is_set_aside_is_so_for_OpenClaw_and_after_a_restart(string name)
    {
        var row = FailureRow.All[name];
        await using var rig = await WithTwoKeysAsync();
        rig.Sandbox.Script(row.Fault.ForKey(KeyOne).Forever());
        await rig.StreamAsync();
        var (before, status) = (await rig.AsideAsync(), await rig.StatusAsync());
        await rig.StopServerAsync();

        // OpenClaw's own rule: unusable while now < max(cooldownUntil, disabledUntil), in milliseconds (openclaw-spec.md, section 4.1).
        var stats = rig.Files.UsageStats(One);
        var until = Math.Max(Number(stats, "cooldownUntil"), Number(stats, "disabledUntil"));
        var told = status.Auth.UnusableProfiles[0].RecoverTime?.ToDateTimeOffset().ToUnixTimeMilliseconds() ?? DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        Assert.Equal(told, until);
        Assert.Equal(row.SetAside.StartsWith("disabled", StringComparison.Ordinal), stats.TryGetProperty("disabledUntil", out _));
        Assert.Equal((1, 1), (Number(stats, "errorCount"), stats.GetProperty("failureCounts").EnumerateObject().Single().Value.GetInt32()));
        Assert.Equal(rig.Time.GetUtcNow().ToUnixTimeMilliseconds(), Number(stats, "lastFailureAt"));

        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.StartServerAsync();
        var then = rig.Time.GetUtcNow() - TimeSpan.FromSeconds(1);
        Assert.Equal(before, Aside.Of(await rig.StatusAsync(), then));
        rig.Sandbox.ClearRequests();
        Assert.Equal($"{Two} served", (await rig.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task A_success_is_written_and_clears_what_OpenClaw_would_clear()
    {
        await using var rig = await WithTwoKeysAsync();
        rig.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await rig.StreamAsync();
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        await rig.StreamAsync();
        await rig.StopServerAsync();
        var stats = rig.Files.UsageStats(One);
        Assert.Equal(rig.Time.GetUtcNow().ToUnixTimeMilliseconds(), Number(stats, "lastUsed"));
        Assert.Equal(0, Number(stats, "errorCount"));
        Assert.All(["cooldownUntil", "disabledUntil", "disabledReason", "failureCounts", "routes"], name => Assert.False(stats.TryGetProperty(name, out _), name));
        Assert.Equal(One, rig.Files.Profiles().GetProperty("lastGood").GetProperty("anthropic").GetString());
    }

    [Fact]
    public async Task Who_served_is_on_disk_within_a_second_and_a_failure_at_once()
    {
        await using var rig = await WithTwoKeysAsync();
        await rig.StreamAsync();
        rig.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(rig.Files.Profiles().TryGetProperty("usageStats", out _));
        rig.Time.Advance(TimeSpan.FromMilliseconds(1));
        await Rig.EventuallyAsync(() => Task.FromResult(rig.Files.Profiles().TryGetProperty("usageStats", out _)));

        await rig.HealthWrittenAsync();
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await rig.StreamAsync();
        await Rig.EventuallyAsync(() => Task.FromResult(rig.Files.UsageStats(One).TryGetProperty("cooldownUntil", out _)));
    }

    [Fact]
    public async Task Cooldowns_that_OpenClaw_wrote_are_kept()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        var now = rig.Time.GetUtcNow();
        await rig.Files.WriteProfilesAsync($$"""
            {
              "version": 1,
              "profiles": {
                "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" },
                "{{Two}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyTwo}}" }
              },
              "usageStats": {
                "{{One}}": { "cooldownUntil": {{now.AddSeconds(90).ToUnixTimeMilliseconds()}}, "errorCount": 2, "lastFailureAt": {{now.ToUnixTimeMilliseconds()}} },
                "{{Two}}": { "disabledUntil": {{now.AddHours(5).ToUnixTimeMilliseconds()}}, "disabledReason": "billing" }
              }
            }
            """);
        await rig.StartServerAsync();
        Assert.Equal($"{One} cooldown , all models, 90 s\n{Two} disabled billing, all models, 18000 s", await rig.AsideAsync());
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", (await rig.StreamAsync()).Failed.Reason);
        rig.Time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal($"{One} served", (await rig.StreamAsync()).Attempts);
    }

    private static long Number(JsonElement stats, string name) => stats.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
}
