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
    public async Task Profiles_that_another_program_stores_are_taken_up()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var text = await File.ReadAllTextAsync(rig.Files.ProfilesPath());
        await rig.Files.WriteProfilesAsync(text.Replace(KeyTwo, Rotated, StringComparison.Ordinal));
        await LookAsync(rig);
        await watcher.NextAsync();
        await rig.StreamAsync(Completing.Input(with: input => input.Model = $"claude-opus-4-6@{Two}"));
        Assert.Equal(Rotated, rig.Sandbox.Requests.Single().Credential);
    }

    [Fact]
    public async Task A_cooldown_that_another_program_writes_is_kept_to()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var until = rig.Time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        var text = await File.ReadAllTextAsync(rig.Files.ProfilesPath());
        var stats = $$"""{ "{{One}}": { "cooldownUntil": {{until}} } }""";
        await rig.Files.WriteProfilesAsync($$"""{{text.TrimEnd()[..^1]}}, "usageStats": {{stats}} }""");
        await LookAsync(rig);
        Assert.Equal(One, (await watcher.NextAsync()).Auth.UnusableProfiles.Single().ProfileId);
        Assert.Equal($"{Two} served", (await rig.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task To_be_written_and_read_again_changes_no_time()
    {
        // One key, so that nothing serves and the failure is all there is to write.
        await using var rig = await Rig.StartAsync();
        await rig.OnboardAsync();
        rig.Time.Advance(TimeSpan.FromTicks(1234));
        rig.Sandbox.Script(Faults.Status(429));
        await rig.StreamAsync();
        var told = (await rig.StatusAsync()).Auth;
        await rig.HealthWrittenAsync();
        await rig.Files.WriteProfilesAsync(await File.ReadAllTextAsync(rig.Files.ProfilesPath()) + "\n");
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        await LookAsync(rig);
        Assert.Equal(told, (await watcher.NextAsync()).Auth);
    }

    [Fact]
    public async Task A_configuration_is_taken_up()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl, """agents: { defaults: { model: "anthropic/claude-sonnet-4-6" } }""");
        await LookAsync(rig);
        Assert.Equal("anthropic/claude-sonnet-4-6", (await watcher.NextAsync()).ResolvedDefault);
        Assert.Equal("anthropic/claude-sonnet-4-6", (await rig.StreamAsync()).Served.Model);
    }

    [Fact]
    public async Task A_broken_configuration_is_told_and_the_last_good_one_stays_until_it_is_mended()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(rig.Files.ConfigPath);
        await File.WriteAllTextAsync(rig.Files.ConfigPath, Broken);
        await LookAsync(rig);
        var error = Assert.Single((await watcher.NextAsync()).ConfigurationErrors);
        Assert.Equal((rig.Files.ConfigPath, 2, 12), (error.Path, error.Line, error.Column));
        Assert.Equal($"{One} served", (await rig.StreamAsync()).Attempts);

        await rig.HealthWrittenAsync();
        var before = rig.Files.Snapshot();
        var failed = await CallFailure.OfAsync(() => rig.OnboardAsync("anthropic:three"));
        Assert.Equal((StatusCode.FailedPrecondition, "CONFIGURATION_INVALID"), (failed.Code, failed.Reason));
        Assert.Equal((rig.Files.ConfigPath, "2", "12"), (failed.Facts["path"], failed.Facts["line"], failed.Facts["column"]));
        Assert.Equal(before, rig.Files.Snapshot());

        await File.WriteAllTextAsync(rig.Files.ConfigPath, good);
        await LookAsync(rig);
        await watcher.UntilAsync(status => status.ConfigurationErrors.Count == 0);
        await rig.OnboardAsync("anthropic:three");
    }

    [Fact]
    public async Task A_configuration_that_cannot_even_be_read_is_told_in_the_same_way()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(rig.Files.ConfigPath);
        File.Delete(rig.Files.ConfigPath);

        // To open it works, and to read it is an error, also for a superuser.
        File.CreateSymbolicLink(rig.Files.ConfigPath, "/proc/self/mem");
        await LookAsync(rig);
        Assert.Equal(rig.Files.ConfigPath, Assert.Single((await watcher.NextAsync()).ConfigurationErrors).Path);
        Assert.Equal("CONFIGURATION_INVALID", (await CallFailure.OfAsync(() => rig.OnboardAsync("anthropic:three"))).Reason);
        Assert.Equal($"{One} served", (await rig.StreamAsync()).Attempts);
        File.Delete(rig.Files.ConfigPath);
        var mended = good.Replace("anthropic: {", "anthropic: { headers: { x: 'y' },", StringComparison.Ordinal);
        await File.WriteAllTextAsync(rig.Files.ConfigPath, mended);
        await LookAsync(rig);
        await watcher.UntilAsync(status => status.ConfigurationErrors.Count == 0);
        await rig.StreamAsync();
        Assert.Equal("y", rig.Sandbox.Requests[^1].Header("x"));
    }

    [Fact]
    public async Task A_store_that_cannot_be_parsed_stops_the_call_with_its_place_and_is_left_as_it_is()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var good = await File.ReadAllTextAsync(rig.Files.ProfilesPath());
        await rig.Files.WriteProfilesAsync($"{{\n  \"profiles\": {{ \"{One}\": {{ \"key\": \"{KeyOne}\"");
        await LookAsync(rig);
        var end = await watcher.EndAsync();
        var before = rig.Files.Snapshot();
        Func<Task>[] calls =
        [
            () => rig.Models.GetStatusAsync(new GetStatusRequest()).ResponseAsync, () => rig.OnboardAsync("anthropic:three"),
            () => rig.Models.CompleteAsync(new CompleteRequest { Input = Completing.Input() }).ResponseAsync,
            () => rig.Auth.GetProfileOrderAsync(new GetProfileOrderRequest { Provider = "anthropic" }).ResponseAsync,
        ];
        foreach (var failed in new[] { end }.Concat(await Task.WhenAll(calls.Select(CallFailure.OfAsync))))
        {
            Assert.Equal((StatusCode.FailedPrecondition, "STATE_UNREADABLE"), (failed.Code, failed.Reason));
            Assert.Equal((rig.Files.ProfilesPath(), "2"), (failed.Facts["path"], failed.Facts["line"]));
            Assert.Contains(rig.Files.ProfilesPath(), failed.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(KeyOne, failed.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, rig.Files.Snapshot());
        await rig.Files.WriteProfilesAsync(good);
        await LookAsync(rig);
        await Rig.EventuallyAsync(async () => (await rig.CompleteAsync()).Failure is null);
    }

    [Fact]
    public async Task What_failed_before_the_change_is_not_forgotten_by_it()
    {
        await using var rig = await WithTwoKeysAsync();
        using var watcher = rig.Watch();
        await watcher.NextAsync();

        // Another program holds the lock and writes, while the server has a failure to write.
        var held = Directory.CreateDirectory(rig.Files.ProfilesPath() + ".lock");
        rig.Sandbox.Script(Faults.Status(429).ForKey(KeyOne));
        await rig.StreamAsync();
        var text = await File.ReadAllTextAsync(rig.Files.ProfilesPath());
        await rig.Files.WriteProfilesAsync(text.Replace(KeyTwo, Rotated, StringComparison.Ordinal));
        await LookAsync(rig);
        var status = await watcher.UntilAsync(
            status => status.Auth.Providers[0].Labels[1].EndsWith("00000003", StringComparison.Ordinal));
        Assert.Equal(One, status.Auth.UnusableProfiles.Single().ProfileId);

        held.Delete();
        await Rig.EventuallyAsync(async () =>
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(100));
            text = await File.ReadAllTextAsync(rig.Files.ProfilesPath());
            return text.Contains("cooldownUntil", StringComparison.Ordinal)
                || text.Contains("errorCount", StringComparison.Ordinal);
        });
        Assert.Contains(Rotated, text, StringComparison.Ordinal);
    }

    // The server looks at its files twice a second.
    private static async Task LookAsync(Rig rig)
    {
        await rig.Time.WaitForPeriodAsync(FileChanges.Interval);
        rig.Time.Advance(FileChanges.Interval);
    }
}
