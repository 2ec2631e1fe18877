using System.Globalization;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>A login is refreshed once for all who need it, and kept.</summary>
public class RefreshTests
{
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(-1);

    [Fact]
    public async Task Two_hundred_calls_with_an_expired_login_share_one_refresh()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        var calls = Enumerable.Range(0, 200).Select(_ => fixture.StreamAsync()).ToList();
        await fixture.AskedAsync(1);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        var answers = await Task.WhenAll(calls);
        Assert.All(answers, answer => Assert.Equal(($"{One} served", "end_turn"), (answer.Attempts, answer.Served.StopReason)));
        var asked = Assert.Single(fixture.Grants());
        Assert.Equal(("POST", "application/json"), (asked.Method, asked.Header("content-type")));
        Assert.Equal(
            $$"""{"grant_type":"refresh_token","client_id":"{{Login.ClientId}}","refresh_token":"{{Login.Refresh}}"}""",
                asked.Json.GetRawText());
        Assert.StartsWith("ClawGrpc/", asked.Header("user-agent"), StringComparison.Ordinal);
        Assert.Null(asked.Credential);
        Assert.Equal([fixture.Stored("access")], fixture.Used().Distinct());
    }

    [Fact]
    public async Task Grant_is_stored_whole_and_nothing_else_changes()
    {
        await using var fixture = await Login.StartAsync(Over);
        Assert.Equal($"{One} served",
            (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{One}"))).Attempts);
        Assert.NotEqual((Login.Access, Login.Refresh), (fixture.Stored("access"), fixture.Stored("refresh")));
        Assert.Equal(fixture.Used().Single(), fixture.Stored("access"));
        Assert.Equal(
            $"{fixture.Time.GetUtcNow().AddHours(8).AddMinutes(-5).ToUnixTimeMilliseconds()}", fixture.Stored("expires"));
        Assert.Equal(("oauth", "me@example.com"), (fixture.Stored("type"), fixture.Stored("email")));
        Assert.Contains("user:inference", fixture.Stored("scopes"), StringComparison.Ordinal);
        Assert.Equal(AtomicFile.OwnerOnly, File.GetUnixFileMode(fixture.Files.ProfilesPath()));

        // The health that was there when the refresh came: the completion that served clears it after.
        var stats = fixture.Files.UsageStats(One);
        Assert.Equal((2, 1700000000000, true), (stats.GetProperty(
            "errorCount").GetInt32(), stats.GetProperty("lastFailureAt").GetInt64(), stats.GetProperty("theirs").GetBoolean()));
        Assert.DoesNotContain(fixture.Log.All, line => line.Contains("FAKE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cooldown_stays_over_a_refresh()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromMinutes(6), withKey: true);
        fixture.Sandbox.Script(Faults.Status(402).ForKey(Login.Access));
        await fixture.StreamAsync();
        var before = await fixture.UnusableAsync();
        Assert.StartsWith($"{One} disabled billing", before, StringComparison.Ordinal);
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await fixture.AskedAsync(1);
        await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Stored("refresh") != Login.Refresh));
        Assert.StartsWith($"{One} disabled billing", await fixture.UnusableAsync(), StringComparison.Ordinal);
        Assert.Equal("billing", fixture.Files.UsageStats(One).GetProperty("disabledReason").GetString());
    }

    [Fact]
    public async Task Each_refresh_uses_the_last_refresh_token_across_restarts()
    {
        await using var fixture = await Login.StartAsync(Over);
        for (var refresh = 1; refresh <= 3; refresh++)
        {
            Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
            Assert.Equal(refresh, fixture.Grants().Count);
            await fixture.StopServerAsync();
            fixture.Time.Advance(TimeSpan.FromHours(8));
            await fixture.StartServerAsync();
        }

        Assert.Equal(3, fixture.Used().Distinct().Count());
    }

    [Fact]
    public async Task A_waiting_caller_that_leaves_does_not_take_the_refresh_along()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        using var leave = new CancellationTokenSource();
        using var leaving = fixture.OpenStream(cancellation: leave.Token);
        using var late = fixture.OpenStream(deadline: DateTime.UtcNow.AddSeconds(0.3));
        var staying = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        await leave.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAnyAsync<RpcException>(
            () => leaving.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded,
            (await Assert.ThrowsAnyAsync<RpcException>(() => late.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Assert.Equal(Outcome.Open, fixture.Grants().Single().Outcome);
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{One} served", (await staying).Attempts);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Old_token_serves_while_login_is_refreshed_before_its_expiry()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromHours(1));
        await fixture.StreamAsync();
        fixture.Sandbox.Script(Login.Slow);
        fixture.Time.Advance(TimeSpan.FromMinutes(55) - TimeSpan.FromTicks(1));
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Empty(fixture.Grants());

        fixture.Time.Advance(TimeSpan.FromTicks(1));
        await fixture.AskedAsync(1);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal([Login.Access], fixture.Used().Distinct());
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        await ServerFixture.EventuallyAsync(async () =>
            (await fixture.StatusAsync()).Auth.Profiles.Single().ExpireTime.ToDateTimeOffset()
                > fixture.Time.GetUtcNow().AddHours(7));
        await fixture.StreamAsync();
        Assert.Equal(fixture.Stored("access"), fixture.Used()[^1]);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Short_lived_tokens_are_refreshed_at_half_of_their_life()
    {
        await using var fixture =
            await Login.StartAsync(Over, sandbox: new SandboxOptions { AccessTokenLifetime = TimeSpan.FromSeconds(60) });
        await fixture.StreamAsync();
        Assert.Single(fixture.Grants());
        for (var refresh = 2; refresh < 5; refresh++)
        {
            // Its end first: at half of its life the old token has 27 seconds left too.
            await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(54), TimeSpan.FromSeconds(54));
            await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(27), TimeSpan.FromSeconds(27));
            fixture.Time.Advance(TimeSpan.FromSeconds(26.9));
            Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
            Assert.Equal(refresh - 1, fixture.Grants().Count);
            fixture.Time.Advance(TimeSpan.FromSeconds(0.1));
            await fixture.AskedAsync(refresh);
            var access = fixture.Used()[^1];
            await ServerFixture.EventuallyAsync(() => Task.FromResult(fixture.Stored("access") != access));
        }
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_refresh_loses_nothing()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Login.Slow);
        using var call = fixture.OpenStream();
        await fixture.AskedAsync(1);
        call.Dispose();
        var stop = fixture.StopServerAsync();
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        await stop;
        await fixture.StartServerAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Login_refreshed_by_another_program_is_read_from_disk()
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true);
        fixture.Sandbox.Script(Faults.Status(500).ForPath(Login.Path));
        Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        await fixture.StoreLoginAsync(
            TimeSpan.FromHours(8), "sk-ant-ort01-FAKE-theirs-2", "sk-ant-oat01-FAKE-theirs-2", withKey: true);

        // At the end of the pause it would be asked again, and looks at the disk first.
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await ServerFixture.EventuallyAsync(async () => (await fixture.StreamAsync()).Served.ProfileId == One);
        Assert.Equal("sk-ant-oat01-FAKE-theirs-2", fixture.Used()[^1]);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Unwritten_grant_is_unused_and_written_later_without_refresh()
    {
        await using var fixture =
            await Login.StartAsync(Over, withKey: true, more: $"auth: {{ order: {{ anthropic: ['{Two}', '{One}'] }} }}");
        fixture.Sandbox.Script(Login.Slow, Faults.Status(429).ForKey(KeyTwo));
        var call = fixture.StreamAsync();

        // Refused on its first route, the call has read the file, and comes to wait for the refresh.
        await fixture.AskedAsync(1);
        await fixture.Sandbox.WaitUntilAsync(requests => requests.Any(request => request.Credential == KeyTwo));

        // The failure is written at once, and would put a new file in the place of the folder.
        await ServerFixture.EventuallyAsync(() => Task.FromResult(
            fixture.Files.Profiles().GetProperty("usageStats").TryGetProperty(Two, out _)));
        File.Move(fixture.Files.ProfilesPath(), fixture.Files["aside"]);
        Directory.CreateDirectory(fixture.Files.ProfilesPath());
        await fixture.Time.PassAsync(Login.Slowness, Login.Slowness);
        Assert.Equal($"{Two} failed RateLimited 429, {One} skipped", (await call).Attempts);
        Assert.Contains(fixture.Files.ProfilesPath(), (await call).Receipt!.Attempts[1].Message, StringComparison.Ordinal);
        Directory.Delete(fixture.Files.ProfilesPath());
        File.Move(fixture.Files["aside"], fixture.Files.ProfilesPath());
        Assert.Equal(Login.Refresh, fixture.Stored("refresh"));
        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await ServerFixture.EventuallyAsync(
            async () => (await fixture.StreamAsync()) is { Failure: null } answer && answer.Served.ProfileId == One);
        Assert.Equal(fixture.Stored("access"), fixture.Used()[^1]);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Watcher_sees_the_new_expiry()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromHours(1));
        using var watcher = fixture.Watch();
        var first = await watcher.NextAsync();
        Assert.Equal(fixture.Time.GetUtcNow().AddHours(1), first.Auth.Profiles.Single().ExpireTime.ToDateTimeOffset());
        fixture.Time.Advance(TimeSpan.FromMinutes(55));
        var second = await watcher.UntilAsync(
            status => status.Auth.Profiles.Single().ExpireTime.ToDateTimeOffset() > fixture.Time.GetUtcNow().AddHours(7));
        Assert.Equal(ExpiryState.Ok, second.Auth.Profiles.Single().Expiry);
        var expires = second.Auth.Profiles.Single().ExpireTime.ToDateTimeOffset().ToUnixTimeMilliseconds();
        Assert.Equal(fixture.Stored("expires"), expires.ToString(CultureInfo.InvariantCulture));
    }
}
