using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Watching;

/// <summary>The whole status now; the whole status again after each change.</summary>
public class WatchStatusTests
{
    [Fact]
    public async Task The_first_message_is_the_status_that_GetStatus_gives()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        Assert.Equal(await rig.StatusAsync(), await watcher.NextAsync());
    }

    [Fact]
    public async Task Each_change_of_a_story_comes_as_it_happens_the_end_of_the_cooldown_with_no_call_made()
    {
        await using var rig = await Rig.StartAsync();
        using var watcher = rig.Watch();
        Assert.Empty((await watcher.NextAsync()).Auth.Profiles);

        await rig.OnboardAsync();
        Assert.Equal(One, (await watcher.UntilAsync(status => status.Auth.Profiles.Count == 1)).Auth.Profiles[0].ProfileId);

        await rig.StreamAsync();
        var used = await watcher.UntilAsync(status => status.Usage.Completions == 1);
        Assert.Equal(rig.Time.GetUtcNow(), used.Auth.Profiles[0].LastUsedTime.ToDateTimeOffset(), TimeSpan.FromSeconds(1));

        rig.Sandbox.Script(Faults.Status(429));
        await rig.StreamAsync();
        var failed = rig.Time.GetUtcNow();
        var cooling = await watcher.UntilAsync(status => status.Auth.UnusableProfiles.Count == 1);
        Assert.Equal($"{One} cooldown rate_limit, anthropic/claude-opus-4-6, 60 s", Aside.Of(cooling, failed));

        // The write sets the clock of the cooldown anew, which must not meet the move of the clock.
        await Rig.EventuallyAsync(async () =>
            (await File.ReadAllTextAsync(rig.Files.ProfilesPath())).Contains("rate_limit", StringComparison.Ordinal));
        rig.Time.Advance(failed.AddSeconds(60) - rig.Time.GetUtcNow());
        await watcher.UntilAsync(status => status.Auth.UnusableProfiles.Count == 0);
        Assert.Equal(2, rig.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task Every_kind_of_change_is_told()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        var last = (await watcher.NextAsync()).Revision;
        var changes = new Dictionary<string, Func<Task>>
        {
            ["order"] = async () => await rig.Auth.ClearProfileOrderAsync(new() { Provider = "anthropic" }),
            ["paste"] = async () => await rig.Auth.PasteTokenAsync(new() { Provider = "anthropic", Token = Token }),
            ["delete"] = async () => await rig.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Two }),
            ["completion"] = async () => await rig.StreamAsync(),
            ["interruption"] = async () =>
            {
                rig.Sandbox.Script(Faults.Cut(6));
                await rig.StreamAsync();
            },
            ["refusal of the key"] = async () =>
            {
                rig.Sandbox.Script(Faults.Status(401).Times(2));
                await rig.StreamAsync();
            },
            ["reset"] = async () => await rig.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One }),
            ["alias"] = async () =>
                await rig.Models.AddModelAliasAsync(new() { Alias = "big", Model = "anthropic/claude-opus-4-6" }),
            ["fallback"] = async () => await rig.Models.AddModelFallbackAsync(new() { Model = "anthropic/claude-sonnet-4-6" }),
        };
        foreach (var (name, change) in changes)
        {
            await change();
            var now = await rig.StatusAsync();
            Assert.True(now.Revision > last, $"{name} is a change.");
            last = (await watcher.UntilAsync(status => status.Revision >= now.Revision)).Revision;
        }
    }

    [Fact]
    public async Task A_token_that_is_about_to_expire_and_then_does_is_told_with_no_call_made()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "anthropic",
            Token = Token,
            ExpiresIn = new() { Seconds = 30 * 3600 },
        });
        var end = rig.Time.GetUtcNow().AddHours(30);
        using var watcher = rig.Watch();
        Assert.Equal(ExpiryState.Ok, (await watcher.NextAsync()).Auth.Profiles[0].Expiry);
        rig.Time.Advance(TimeSpan.FromHours(6));
        Assert.Equal(ExpiryState.Expiring, (await watcher.NextAsync()).Auth.Profiles[0].Expiry);
        rig.Time.Advance(end - rig.Time.GetUtcNow());
        var ended = await watcher.UntilAsync(status => status.Auth.Profiles[0].Expiry != ExpiryState.Expiring);
        Assert.Equal(ExpiryState.Expired, ended.Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task A_watcher_that_knows_the_revision_hears_of_the_next_one_only()
    {
        await using var rig = await WithTwoKeysAsync();
        var known = (await rig.StatusAsync()).Revision;
        using var watcher = rig.Watch(known, TimeSpan.FromSeconds(7));
        await rig.Time.PassAsync(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7));
        var heartbeat = await watcher.NextMessageAsync();
        Assert.Equal((null, known), (heartbeat.Status, heartbeat.Revision));
        await rig.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Two });
        Assert.True((await watcher.NextAsync()).Revision > known);

        using var late = rig.Watch(known);
        Assert.Single((await late.NextAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task A_revision_from_the_future_is_answered_with_the_status()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch(long.MaxValue);
        Assert.Equal(2, (await watcher.NextAsync()).Auth.Profiles.Count);
    }

    [Fact]
    public async Task Nothing_for_a_while_is_a_heartbeat_again_and_again()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        var revision = (await watcher.NextAsync()).Revision;
        await watcher.PassPauseAsync();
        for (var beat = 0; beat < 3; beat++)
        {
            await rig.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
            var message = await watcher.NextMessageAsync();
            Assert.Equal((null, revision), (message.Status, message.Revision));
        }
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_message_with_the_last_of_them()
    {
        await using var rig = await Rig.StartAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        for (var index = 0; index < 20; index++)
            await rig.OnboardAsync($"anthropic:key-{index:00}");
        var now = await rig.StatusAsync();
        var next = await watcher.NextAsync();
        Assert.Equal((20, now.Revision), (next.Auth.Profiles.Count, next.Revision));
    }

    [Fact]
    public async Task Revisions_grow_over_a_restart_and_a_watcher_that_comes_back_misses_nothing()
    {
        await using var rig = await WithTwoKeysAsync();
        var before = (await rig.StatusAsync()).Revision;
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        await rig.RestartServerAsync();
        Assert.True((await rig.StatusAsync()).Revision > before);
        using var watcher = rig.Watch(before);
        Assert.Equal(2, (await watcher.NextAsync()).Auth.Profiles.Count);
    }

    [Fact]
    public async Task A_server_that_stops_says_so()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var end = watcher.EndAsync();
        await rig.StopServerAsync();
        var failed = await end;
        Assert.Equal((StatusCode.Unavailable, "STOPPING"), (failed.Code, failed.Reason));
        Assert.NotNull(failed.RetryDelay);
    }

    [Fact]
    public async Task Agents_are_watched_apart()
    {
        await using var rig = await Rig.StartAsync("agents: { list: [{ id: \"main\", default: true }, { id: \"work\" }] }");
        var work = (await rig.StatusAsync("work")).Revision;
        await rig.OnboardAsync(agent: "main");
        var status = await rig.StatusAsync("work");
        Assert.Empty(status.Auth.Profiles);
        Assert.Equal("work", status.AgentId);
        Assert.True(status.Revision >= work);
    }
}
