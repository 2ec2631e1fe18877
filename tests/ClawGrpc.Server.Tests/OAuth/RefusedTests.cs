using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>A refresh that fails: the next route serves, people are told the way out, and the endpoint is left alone.</summary>
public class RefusedTests
{
    private const string Refusal = """{"error":"invalid_grant","error_description":"Refresh token not found or invalid"}""";
    private static readonly TimeSpan Over = TimeSpan.FromSeconds(-1);

    [Fact]
    public async Task Refused_login_is_skipped_and_expired_until_it_changes()
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true);
        fixture.Sandbox.Script(Refused());
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.Equal(
            "OAuth token refresh failed for anthropic: the token endpoint answered 400: invalid_grant (Refresh token not found "
                + "or invalid). "
            + "The way out is a setup-token (claude setup-token, then claw models auth paste-token --provider anthropic).",
            answer.Receipt!.Attempts[0].Message);
        for (var again = 0; again < 3; again++)
        {
            fixture.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        }

        Assert.Single(fixture.Grants());
        var status = await fixture.StatusAsync();
        Assert.Equal(ExpiryState.Expired, status.Auth.Profiles[0].Expiry);
        Assert.Equal(
            ExpiryState.Expired, status.Auth.ProviderExpiries.Single(provider => provider.Provider == "anthropic").Expiry);
        Assert.Equal("", await fixture.UnusableAsync());

        // Somebody logs in anew, with any program.
        await fixture.SettleAsync();
        await fixture.StoreLoginAsync(Over, "sk-ant-ort01-FAKE-another", withKey: true);
        await LookAsync(fixture);
        await ServerFixture.EventuallyAsync(async () => (await fixture.StreamAsync()).Served.ProfileId == One);
        Assert.Equal(2, fixture.Grants().Count);
        Assert.Equal(ExpiryState.Ok, (await fixture.StatusAsync()).Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task With_nothing_else_left_the_call_says_so()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Refused());
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "OAUTH_REFRESH_FAILED", One, null),
            (failed.Code, failed.Reason, failed.Facts["profile_id"], failed.RetryDelay));
        Assert.StartsWith("OAuth token refresh failed for anthropic: ", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE", failed.Message, StringComparison.Ordinal);
        Assert.Equal("OAUTH_REFRESH_FAILED", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Single(fixture.Grants());
        Assert.Contains(
            fixture.Log.All, line => line.Contains("did not refresh the login anthropic:one", StringComparison.Ordinal));
        Assert.DoesNotContain(fixture.Log.All, line => line.Contains("FAKE", StringComparison.Ordinal));
    }

    // Written by hand, or by a program with a fault. What no request can carry is no fault of ours, and no reason to fail
    // without a cause.
    [Theory]
    [InlineData("sk-ant-ort01-FAKE-\\ud800")]
    [InlineData("sk-ant-ort01-FAKE-\\u0000\\n")]
    public async Task A_refresh_token_that_is_no_text_is_refused_like_any_other(string refresh)
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true);
        await fixture.StopServerAsync();
        await fixture.StoreLoginAsync(Over, refresh, withKey: true);
        await fixture.StartServerAsync();
        fixture.Sandbox.Script(Refused());
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.StartsWith(
            "OAuth token refresh failed for anthropic: ", answer.Receipt!.Attempts[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    // The file may hold what no header can.
    [Theory]
    [InlineData("sk-ant-api03-FAKE-\\ud800")]
    [InlineData("sk-ant-api03-FAKE-\\u0000")]
    [InlineData("sk-ant-api03-FAKE-\u00e9")]
    public async Task A_key_that_no_header_can_hold_fails_with_a_cause(string key)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        await fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {"""
            + $$""" "type": "api_key", "provider": "anthropic", "key": "{{key}}" } } }""");
        await fixture.StartServerAsync();
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.DoesNotContain(failed.Code, new[] { StatusCode.Internal, StatusCode.Unknown });
        Assert.DoesNotContain("FAKE", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_setup_token_is_the_way_out()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Refused());
        await fixture.StreamAsync();
        await fixture.OnboardTokenAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal([Token], fixture.Used());
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Refused_ahead_of_its_end_a_login_serves_to_the_end()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromMinutes(4), withKey: true);
        fixture.Sandbox.Script(Refused());
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        await ServerFixture.EventuallyAsync(
            async () => (await fixture.StatusAsync()).Auth.Profiles[0].Expiry == ExpiryState.Expiring);
        fixture.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(ExpiryState.Expired, (await fixture.StatusAsync()).Auth.Profiles[0].Expiry);
        Assert.Single(fixture.Grants());
    }

    [Fact]
    public async Task Login_without_endpoint_is_skipped_until_one_is_configured()
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true, configured: false);
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.Contains("no token endpoint is configured (clawgrpc.oauth.tokenUrl and clawgrpc.oauth.clientId)",
            answer.Receipt!.Attempts[0].Message, StringComparison.Ordinal);
        Assert.Equal(ExpiryState.Expired, (await fixture.StatusAsync()).Auth.Profiles[0].Expiry);
        Assert.Empty(fixture.Grants());

        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, Login.Section($"{fixture.Sandbox.BaseUrl}{Login.Path}"));
        await LookAsync(fixture);
        await ServerFixture.EventuallyAsync(async () => (await fixture.StreamAsync()).Served.ProfileId == One);
        Assert.Single(fixture.Grants());
    }

    public static TheoryData<string> Outages => ["500", "429", "dropped", "redirected", "silent"];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task Failing_token_endpoint_is_asked_again_after_a_pause(string outage)
    {
        await using var fixture = await Login.StartAsync(Over, withKey: true);
        fixture.Sandbox.Script(FaultOf(outage).ForPath(Login.Path).Times(2));
        var first = fixture.StreamAsync();
        await fixture.AskedAsync(1);
        if (outage == "silent")
            await fixture.Time.PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        Assert.Equal($"{One} skipped, {Two} served", (await first).Attempts);
        Assert.Equal(fixture.Time.GetUtcNow().AddSeconds(5), (await first).Receipt!.Attempts[0].RecoverTime.ToDateTimeOffset());
        Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        Assert.Single(fixture.Grants());

        fixture.Time.Advance(TimeSpan.FromSeconds(5));
        await fixture.AskedAsync(2);
        if (outage == "silent")
            await fixture.Time.PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        await fixture.Time.WaitForTimerAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        Assert.Equal($"{One} skipped, {Two} served", (await fixture.StreamAsync()).Attempts);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        await ServerFixture.EventuallyAsync(async () => (await fixture.StreamAsync()).Served.ProfileId == One);
        Assert.Equal(3, fixture.Grants().Count);
        Assert.Equal(ExpiryState.Ok, (await fixture.StatusAsync()).Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task With_nothing_else_left_an_outage_says_when_to_come_back()
    {
        await using var fixture = await Login.StartAsync(Over);
        fixture.Sandbox.Script(Faults.Status(503, retryAfter: "20").ForPath(Login.Path));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.Unavailable, "OAUTH_REFRESH_FAILED", TimeSpan.FromSeconds(20)),
            (failed.Code, failed.Reason, failed.RetryDelay));
        Assert.Contains("the token endpoint answered 503", failed.Message, StringComparison.Ordinal);
        Assert.Equal(ExpiryState.Expired, (await fixture.StatusAsync()).Auth.Profiles.Single().Expiry);
    }

    [Fact]
    public async Task The_Claude_CLIs_login_is_never_refreshed_but_read_again()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.StoreLoginAsync(Over, id: "anthropic:claude-cli");
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, Login.Section($"{fixture.Sandbox.BaseUrl}{Login.Path}"));
        await fixture.StartServerAsync();
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(("OAUTH_REFRESH_FAILED", StatusCode.FailedPrecondition), (failed.Reason, failed.Code));
        Assert.Contains("only the CLI refreshes it", failed.Message, StringComparison.Ordinal);

        // The CLI logs in anew: the next call has it, before the server looks at its files again.
        Directory.CreateDirectory(fixture.Files[".claude"]);
        await WriteClaudeLoginAsync(fixture, "sk-ant-oat01-FAKE-cli-2");
        Assert.Equal("anthropic:claude-cli served", (await fixture.StreamAsync()).Attempts);

        // Upstream refuses it, and the CLI has another one by then.
        await WriteClaudeLoginAsync(fixture, "sk-ant-oat01-FAKE-cli-3");
        fixture.Sandbox.Script(Faults.Status(401).ForKey("sk-ant-oat01-FAKE-cli-2"));
        Assert.Equal("anthropic:claude-cli failed CredentialRejected 401, anthropic:claude-cli served",
            (await fixture.StreamAsync()).Attempts);
        Assert.Empty(fixture.Grants());
    }

    private static Task WriteClaudeLoginAsync(ServerFixture fixture, string access) =>
        File.WriteAllTextAsync(fixture.Files[".claude/.credentials.json"], $$"""
        { "claudeAiOauth": { "accessToken": "{{access}}", "refreshToken": "sk-ant-ort01-FAKE-cli",
          "expiresAt": {{fixture.Time.GetUtcNow().AddHours(access[^1] - '0').ToUnixTimeMilliseconds()}} } }
        """);

    private static Fault Refused() => new Fault
    {
        Status = new StatusFault { Code = 400, Json = System.Text.Json.JsonDocument.Parse(Refusal).RootElement.Clone() },
    }.ForPath(Login.Path);

    private static Fault FaultOf(string outage) => outage switch
    {
        "dropped" => Faults.Drop(),
        "redirected" =>
            new Fault
            {
                Status = new StatusFault
                {
                    Code = 307,
                    Text = "",
                    Headers = new() { ["location"] = "/v1/oauth/token?elsewhere" }
                }
            },
        "silent" => Faults.StallBeforeHeaders(),
        _ => Faults.Status(int.Parse(outage, System.Globalization.CultureInfo.InvariantCulture)),
    };

    // The server looks at its files twice a second.
    private static async Task LookAsync(ServerFixture fixture)
    {
        await fixture.Time.WaitForPeriodAsync(FileChanges.Interval);
        fixture.Time.Advance(FileChanges.Interval);
    }
}
