using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Watching;

/// <summary>What other programs and editors write is taken up by itself.</summary>
public class ChangedFilesTests
{
    private const string Broken = "{\n  agents: [oops\n}\n";
    private const string Rotated = "sk-ant-api03-FAKE-rotated-000000000003";

    [Fact]
    public async Task Profiles_stored_by_another_program_are_read()
    {
        await using var fixture = await WithTwoKeysAsync();
        await RotateAsync(fixture);
        await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{Two}"));
        Assert.Equal(Rotated, fixture.Sandbox.Requests.Single().Credential);
    }

    // What was sent with the old credential says nothing of the new one, whoever replaced it.
    [Fact]
    public async Task Late_rejection_of_a_credential_that_another_program_replaced_counts_for_nothing()
    {
        var pause = TimeSpan.FromSeconds(10);
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(
            Faults.Slow(beforeHeadersMs: (int)pause.TotalMilliseconds) with { Status = new() { Code = 401 } });
        var old = fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{Two}"));
        await fixture.Time.WaitForTimerAsync(pause, pause);
        await RotateAsync(fixture);
        fixture.Time.Advance(pause);
        Assert.Equal("CREDENTIAL_REJECTED", (await old).Failed.Reason);
        Assert.Equal("", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task A_cooldown_that_another_program_writes_is_kept_to()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var until = fixture.Time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        var stats = $$"""{ "{{One}}": { "cooldownUntil": {{until}} } }""";
        await fixture.Files.WriteProfilesAsync($$"""{{text.TrimEnd()[..^1]}}, "usageStats": {{stats}} }""");
        await LookAsync(fixture);
        Assert.Equal(One, (await watcher.NextAsync()).Auth.UnusableProfiles.Single().ProfileId);
        Assert.Equal($"{Two} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task To_be_written_and_read_again_changes_no_time()
    {
        // One key, so that nothing serves and the failure is all there is to write.
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Time.Advance(TimeSpan.FromTicks(1234));
        fixture.Sandbox.Script(Faults.Status(429));
        await fixture.StreamAsync();
        var told = (await fixture.StatusAsync()).Auth;
        await fixture.HealthWrittenAsync();
        await fixture.Files.WriteProfilesAsync(await File.ReadAllTextAsync(fixture.Files.ProfilesPath()) + "\n");
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        await LookAsync(fixture);
        Assert.Equal(told, (await watcher.NextAsync()).Auth);
    }

    [Fact]
    public async Task Changed_configuration_is_applied()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl, """agents: { defaults: { model: "anthropic/claude-sonnet-4-6" } }""");
        await LookAsync(fixture);
        Assert.Equal("anthropic/claude-sonnet-4-6", (await watcher.NextAsync()).ResolvedDefault);
        Assert.Equal("anthropic/claude-sonnet-4-6", (await fixture.StreamAsync()).Served.Model);
    }

    [Fact]
    public async Task Broken_configuration_is_reported_and_last_good_one_stays()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(fixture.Files.ConfigPath);
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, Broken);
        await LookAsync(fixture);
        var error = Assert.Single((await watcher.NextAsync()).ConfigurationErrors);
        Assert.Equal((fixture.Files.ConfigPath, 2, 12), (error.Path, error.Line, error.Column));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);

        await fixture.HealthWrittenAsync();
        var before = fixture.Files.Snapshot();
        var failed = await CallFailure.OfAsync(() => fixture.OnboardAsync("anthropic:three"));
        Assert.Equal((StatusCode.FailedPrecondition, "CONFIGURATION_INVALID"), (failed.Code, failed.Reason));
        Assert.Equal((fixture.Files.ConfigPath, "2", "12"), (failed.Facts["path"], failed.Facts["line"], failed.Facts["column"]));
        Assert.Equal(before, fixture.Files.Snapshot());

        await File.WriteAllTextAsync(fixture.Files.ConfigPath, good);
        await LookAsync(fixture);
        await watcher.UntilAsync(status => status.ConfigurationErrors.Count == 0);
        await fixture.OnboardAsync("anthropic:three");
    }

    [Fact]
    public async Task Unreadable_configuration_is_reported_and_last_good_one_stays()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(fixture.Files.ConfigPath);
        File.Delete(fixture.Files.ConfigPath);

        // To open it works, and to read it is an error, also for a superuser.
        File.CreateSymbolicLink(fixture.Files.ConfigPath, "/proc/self/mem");
        await LookAsync(fixture);
        Assert.Equal(fixture.Files.ConfigPath, Assert.Single((await watcher.NextAsync()).ConfigurationErrors).Path);
        Assert.Equal("CONFIGURATION_INVALID", (await CallFailure.OfAsync(() => fixture.OnboardAsync("anthropic:three"))).Reason);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        File.Delete(fixture.Files.ConfigPath);
        var mended = good.Replace("anthropic: {", "anthropic: { headers: { x: 'y' },", StringComparison.Ordinal);
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, mended);
        await LookAsync(fixture);
        await watcher.UntilAsync(status => status.ConfigurationErrors.Count == 0);
        await fixture.StreamAsync();
        Assert.Equal("y", fixture.Sandbox.Requests[^1].Header("x"));
    }

    [Fact]
    public async Task Unparsable_store_fails_the_call_with_position_and_is_kept()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.Files.WriteProfilesAsync($"{{\n  \"profiles\": {{ \"{One}\": {{ \"key\": \"{KeyOne}\"");
        await LookAsync(fixture);
        var end = await watcher.EndAsync();
        var before = fixture.Files.Snapshot();
        Func<Task>[] calls =
        [
            () => fixture.Models.GetStatusAsync(new GetStatusRequest()).ResponseAsync,
            () => fixture.OnboardAsync("anthropic:three"),
            () => fixture.Models.CompleteAsync(new CompleteRequest { Input = Prompts.Input() }).ResponseAsync,
            () => fixture.Auth.GetProfileOrderAsync(new GetProfileOrderRequest { Provider = "anthropic" }).ResponseAsync,
        ];
        foreach (var failed in new[] { end }.Concat(await Task.WhenAll(calls.Select(CallFailure.OfAsync))))
        {
            Assert.Equal((StatusCode.FailedPrecondition, "STATE_UNREADABLE"), (failed.Code, failed.Reason));
            Assert.Equal((fixture.Files.ProfilesPath(), "2"), (failed.Facts["path"], failed.Facts["line"]));
            Assert.Contains(fixture.Files.ProfilesPath(), failed.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(KeyOne, failed.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, fixture.Files.Snapshot());
        await fixture.Files.WriteProfilesAsync(good);
        await LookAsync(fixture);
        await ServerFixture.EventuallyAsync(async () => (await fixture.CompleteAsync()).Failure is null);
    }

    [Fact]
    public async Task Pending_failure_survives_a_write_by_another_program()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();

        // Another program holds the lock and writes, while the server has a failure to write.
        var held = Directory.CreateDirectory(fixture.Files.ProfilesPath() + ".lock");
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await fixture.StreamAsync();
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.Files.WriteProfilesAsync(text.Replace(KeyTwo, Rotated, StringComparison.Ordinal));
        await LookAsync(fixture);
        var status = await watcher.UntilAsync(
            status => status.Auth.Providers[0].Labels[1].EndsWith("00000003", StringComparison.Ordinal));
        Assert.Equal(One, status.Auth.UnusableProfiles.Single().ProfileId);

        held.Delete();
        await ServerFixture.EventuallyAsync(async () =>
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
            text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
            return text.Contains("cooldownUntil", StringComparison.Ordinal)
                || text.Contains("errorCount", StringComparison.Ordinal);
        });
        Assert.Contains(Rotated, text, StringComparison.Ordinal);
    }

    // The server looks at its files twice a second.
    // Another program replaces the second key, and the server takes it up.
    private static async Task RotateAsync(ServerFixture fixture)
    {
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.Files.WriteProfilesAsync(text.Replace(KeyTwo, Rotated, StringComparison.Ordinal));
        await LookAsync(fixture);
        await watcher.NextAsync();
    }

    private static async Task LookAsync(ServerFixture fixture)
    {
        await fixture.Time.WaitForPeriodAsync(FileChanges.Interval);
        fixture.Time.Advance(FileChanges.Interval);
    }
}
