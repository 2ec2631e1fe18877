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
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        Assert.Equal(await fixture.StatusAsync(), await watcher.NextAsync());
    }

    [Fact]
    public async Task Watcher_sees_each_change_and_the_end_of_a_cooldown()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var watcher = fixture.Watch();
        Assert.Empty((await watcher.NextAsync()).Auth.Profiles);

        await fixture.OnboardAsync();
        Assert.Equal(One, (await watcher.UntilAsync(status => status.Auth.Profiles.Count == 1)).Auth.Profiles[0].ProfileId);

        await fixture.StreamAsync();
        var used = await watcher.UntilAsync(status => status.Usage.Completions == 1);
        Assert.Equal(fixture.Time.GetUtcNow(), used.Auth.Profiles[0].LastUsedTime.ToDateTimeOffset(), TimeSpan.FromSeconds(1));

        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        var failed = fixture.Time.GetUtcNow();
        var cooling = await watcher.UntilAsync(status => status.Auth.UnusableProfiles.Count == 1);
        Assert.Equal($"{One} cooldown rate_limit, anthropic/claude-opus-4-6, 60 s", UnusableText.Of(cooling, failed));

        // The write sets the clock of the cooldown anew, which must not meet the move of the clock.
        await ServerFixture.EventuallyAsync(async () =>
            (await File.ReadAllTextAsync(fixture.Files.ProfilesPath())).Contains("rate_limit", StringComparison.Ordinal));
        fixture.Time.Advance(failed.AddSeconds(60) - fixture.Time.GetUtcNow());
        await watcher.UntilAsync(status => status.Auth.UnusableProfiles.Count == 0);
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task Watcher_sees_every_kind_of_change()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        var last = (await watcher.NextAsync()).Revision;
        var changes = new Dictionary<string, Func<Task>>
        {
            ["order"] = async () => await fixture.Auth.ClearProfileOrderAsync(new() { Provider = "anthropic" }),
            ["paste"] = async () => await fixture.Auth.PasteTokenAsync(new() { Provider = "anthropic", Token = Token }),
            ["delete"] = async () => await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Two }),
            ["completion"] = async () => await fixture.StreamAsync(),
            ["interruption"] = async () =>
            {
                fixture.Sandbox.Script(Faults.Cut(6));
                await fixture.StreamAsync();
            },
            ["refusal of the key"] = async () =>
            {
                fixture.Sandbox.Script(Faults.Status(401).Times(2));
                await fixture.StreamAsync();
            },
            ["reset"] = async () => await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One }),
            ["alias"] = async () =>
                await fixture.Models.AddModelAliasAsync(new() { Alias = "big", Model = "anthropic/claude-opus-4-6" }),
            ["fallback"] = async () =>
                await fixture.Models.AddModelFallbackAsync(new() { Model = "anthropic/claude-sonnet-4-6" }),
        };
        foreach (var (name, change) in changes)
        {
            await change();
            var now = await fixture.StatusAsync();
            Assert.True(now.Revision > last, $"{name} is a change.");
            last = (await watcher.UntilAsync(status => status.Revision >= now.Revision)).Revision;
        }
    }

    [Fact]
    public async Task Watcher_sees_a_token_expire_without_any_call()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "anthropic",
            Token = Token,
            ExpiresIn = new() { Seconds = 30 * 3600 },
        });
        var end = fixture.Time.GetUtcNow().AddHours(30);
        using var watcher = fixture.Watch();
        Assert.Equal(ExpiryState.Ok, (await watcher.NextAsync()).Auth.Profiles[0].Expiry);
        fixture.Time.Advance(TimeSpan.FromHours(6));
        Assert.Equal(ExpiryState.Expiring, (await watcher.NextAsync()).Auth.Profiles[0].Expiry);
        fixture.Time.Advance(end - fixture.Time.GetUtcNow());
        var ended = await watcher.UntilAsync(status => status.Auth.Profiles[0].Expiry != ExpiryState.Expiring);
        Assert.Equal(ExpiryState.Expired, ended.Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task A_watcher_that_knows_the_revision_hears_of_the_next_one_only()
    {
        await using var fixture = await WithTwoKeysAsync();
        var known = (await fixture.StatusAsync()).Revision;
        using var watcher = fixture.Watch(known, TimeSpan.FromSeconds(7));
        await fixture.Time.PassAsync(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7));
        var heartbeat = await watcher.NextMessageAsync();
        Assert.Equal((null, known), (heartbeat.Status, heartbeat.Revision));
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Two });
        Assert.True((await watcher.NextAsync()).Revision > known);

        using var late = fixture.Watch(known);
        Assert.Single((await late.NextAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task A_revision_from_the_future_is_answered_with_the_status()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch(long.MaxValue);
        Assert.Equal(2, (await watcher.NextAsync()).Auth.Profiles.Count);
    }

    [Fact]
    public async Task Nothing_for_a_while_is_a_heartbeat_again_and_again()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        var revision = (await watcher.NextAsync()).Revision;
        await watcher.PassPauseAsync();
        for (var beat = 0; beat < 3; beat++)
        {
            await fixture.Time.PassAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
            var message = await watcher.NextMessageAsync();
            Assert.Equal((null, revision), (message.Status, message.Revision));
        }
    }

    [Fact]
    public async Task Many_changes_at_once_are_one_message_with_the_last_of_them()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        for (var index = 0; index < 20; index++)
            await fixture.OnboardAsync($"anthropic:key-{index:00}");
        var now = await fixture.StatusAsync();
        var next = await watcher.NextAsync();
        Assert.Equal((20, now.Revision), (next.Auth.Profiles.Count, next.Revision));
    }

    [Fact]
    public async Task Revisions_grow_over_restarts_and_watchers_miss_nothing()
    {
        await using var fixture = await WithTwoKeysAsync();
        var before = (await fixture.StatusAsync()).Revision;
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.RestartServerAsync();
        Assert.True((await fixture.StatusAsync()).Revision > before);
        using var watcher = fixture.Watch(before);
        Assert.Equal(2, (await watcher.NextAsync()).Auth.Profiles.Count);
    }

    [Fact]
    public async Task Status_watcher_sees_the_server_stop()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var end = watcher.EndAsync();
        await fixture.StopServerAsync();
        var failed = await end;
        Assert.Equal((StatusCode.Unavailable, "STOPPING"), (failed.Code, failed.Reason));
        Assert.NotNull(failed.RetryDelay);
    }

    [Fact]
    public async Task Agents_are_watched_apart()
    {
        await using var fixture =
            await ServerFixture.StartAsync("agents: { list: [{ id: 'main', default: true }, { id: 'work' }] }");
        var work = (await fixture.StatusAsync("work")).Revision;
        await fixture.OnboardAsync(agent: "main");
        var status = await fixture.StatusAsync("work");
        Assert.Empty(status.Auth.Profiles);
        Assert.Equal("work", status.AgentId);
        Assert.True(status.Revision >= work);
    }
}
