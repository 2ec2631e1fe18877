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
    public async Task A_refused_login_is_passed_over_shown_as_expired_and_not_asked_for_again_until_it_changes()
    {
        await using var rig = await Login.StartAsync(Over, withKey: true);
        rig.Sandbox.Script(Refused());
        var answer = await rig.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.Equal(
            "OAuth token refresh failed for anthropic: the token endpoint answered 400: invalid_grant (Refresh token not found or invalid). "
            + "The way out is a setup-token (claude setup-token, then claw models auth paste-token --provider anthropic).",
            answer.Receipt!.Attempts[0].Message);
        for (var again = 0; again < 3; again++)
        {
            rig.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal($"{One} skipped, {Two} served", (await rig.StreamAsync()).Attempts);
        }

        Assert.Single(rig.Grants());
        var status = await rig.StatusAsync();
        Assert.Equal(ExpiryState.Expired, status.Auth.Profiles[0].Expiry);
        Assert.Equal(ExpiryState.Expired, status.Auth.ProviderExpiries.Single(provider => provider.Provider == "anthropic").Expiry);
        Assert.Equal("", await rig.AsideAsync());

        // Somebody logs in anew, with any program.
        await rig.SettleAsync();
        await rig.StoreLoginAsync(Over, "sk-ant-ort01-FAKE-another", withKey: true);
        await LookAsync(rig);
        await Rig.EventuallyAsync(async () => (await rig.StreamAsync()).Served.ProfileId == One);
        Assert.Equal(2, rig.Grants().Count);
        Assert.Equal(ExpiryState.Ok, (await rig.StatusAsync()).Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task With_nothing_else_left_the_call_says_so()
    {
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Refused());
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "OAUTH_REFRESH_FAILED", One, null), (failed.Code, failed.Reason, failed.Facts["profile_id"], failed.RetryDelay));
        Assert.StartsWith("OAuth token refresh failed for anthropic: ", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("FAKE", failed.Message, StringComparison.Ordinal);
        Assert.Equal("OAUTH_REFRESH_FAILED", (await rig.StreamAsync()).Failed.Reason);
        Assert.Single(rig.Grants());
        Assert.Contains(rig.Log.All, line => line.Contains("did not refresh the login anthropic:one", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Log.All, line => line.Contains("FAKE", StringComparison.Ordinal));
    }

    // Written by hand, or by a program with a fault. What no request can carry is no fault of ours, and no reason to fail without a cause.
    [Theory]
    [InlineData("sk-ant-ort01-FAKE-\\ud800")]
    [InlineData("sk-ant-ort01-FAKE-\\u0000\\n")]
    public async Task A_refresh_token_that_is_no_text_is_refused_like_any_other(string refresh)
    {
        await using var rig = await Login.StartAsync(Over, withKey: true);
        await rig.StopServerAsync();
        await rig.StoreLoginAsync(Over, refresh, withKey: true);
        await rig.StartServerAsync();
        rig.Sandbox.Script(Refused());
        var answer = await rig.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.StartsWith("OAuth token refresh failed for anthropic: ", answer.Receipt!.Attempts[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    // The file may hold what no header can.
    [Theory]
    [InlineData("sk-ant-api03-FAKE-\\ud800")]
    [InlineData("sk-ant-api03-FAKE-\\u0000")]
    [InlineData("sk-ant-api03-FAKE-\u00e9")]
    public async Task A_key_that_no_header_can_hold_fails_with_a_cause(string key)
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        await rig.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{key}}" } } }""");
        await rig.StartServerAsync();
        var failed = (await rig.StreamAsync()).Failed;
        Assert.DoesNotContain(failed.Code, new[] { StatusCode.Internal, StatusCode.Unknown });
        Assert.DoesNotContain("FAKE", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(rig.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_setup_token_is_the_way_out()
    {
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Refused());
        await rig.StreamAsync();
        await rig.OnboardTokenAsync();
        Assert.Equal($"{One} served", (await rig.StreamAsync()).Attempts);
        Assert.Equal([Token], rig.Used());
        Assert.Single(rig.Grants());
    }

    [Fact]
    public async Task Refused_ahead_of_its_end_a_login_serves_to_the_end()
    {
        await using var rig = await Login.StartAsync(TimeSpan.FromMinutes(4), withKey: true);
        rig.Sandbox.Script(Refused());
        Assert.Equal($"{One} served", (await rig.StreamAsync()).Attempts);
        await Rig.EventuallyAsync(async () => (await rig.StatusAsync()).Auth.Profiles[0].Expiry == ExpiryState.Expiring);
        rig.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal($"{One} skipped, {Two} served", (await rig.StreamAsync()).Attempts);
        Assert.Equal(ExpiryState.Expired, (await rig.StatusAsync()).Auth.Profiles[0].Expiry);
        Assert.Single(rig.Grants());
    }

    [Fact]
    public async Task Without_an_endpoint_the_next_route_serves_and_one_that_is_configured_later_is_asked()
    {
        await using var rig = await Login.StartAsync(Over, withKey: true, configured: false);
        var answer = await rig.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} served", answer.Attempts);
        Assert.Contains("no token endpoint is configured (clawgrpc.oauth.tokenUrl and clawgrpc.oauth.clientId)", answer.Receipt!.Attempts[0].Message, StringComparison.Ordinal);
        Assert.Equal(ExpiryState.Expired, (await rig.StatusAsync()).Auth.Profiles[0].Expiry);
        Assert.Empty(rig.Grants());

        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl, Login.Section($"{rig.Sandbox.BaseUrl}{Login.Path}"));
        await LookAsync(rig);
        await Rig.EventuallyAsync(async () => (await rig.StreamAsync()).Served.ProfileId == One);
        Assert.Single(rig.Grants());
    }

    public static TheoryData<string> Outages => ["500", "429", "dropped", "redirected", "silent"];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task An_endpoint_that_is_out_of_order_is_asked_again_after_a_pause_by_itself(string outage)
    {
        await using var rig = await Login.StartAsync(Over, withKey: true);
        rig.Sandbox.Script(FaultOf(outage).ForPath(Login.Path).Times(2));
        var first = rig.StreamAsync();
        await rig.AskedAsync(1);
        if (outage == "silent")
            await rig.Time.PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        Assert.Equal($"{One} skipped, {Two} served", (await first).Attempts);
        Assert.Equal(rig.Time.GetUtcNow().AddSeconds(5), (await first).Receipt!.Attempts[0].RecoverTime.ToDateTimeOffset());
        Assert.Equal($"{One} skipped, {Two} served", (await rig.StreamAsync()).Attempts);
        Assert.Single(rig.Grants());

        rig.Time.Advance(TimeSpan.FromSeconds(5));
        await rig.AskedAsync(2);
        if (outage == "silent")
            await rig.Time.PassAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        await rig.Time.WaitForTimerAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
        Assert.Equal($"{One} skipped, {Two} served", (await rig.StreamAsync()).Attempts);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        await Rig.EventuallyAsync(async () => (await rig.StreamAsync()).Served.ProfileId == One);
        Assert.Equal(3, rig.Grants().Count);
        Assert.Equal(ExpiryState.Ok, (await rig.StatusAsync()).Auth.Profiles[0].Expiry);
    }

    [Fact]
    public async Task With_nothing_else_left_an_outage_says_when_to_come_back()
    {
        await using var rig = await Login.StartAsync(Over);
        rig.Sandbox.Script(Faults.Status(503, retryAfter: "20").ForPath(Login.Path));
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal((StatusCode.Unavailable, "OAUTH_REFRESH_FAILED", TimeSpan.FromSeconds(20)), (failed.Code, failed.Reason, failed.RetryDelay));
        Assert.Contains("the token endpoint answered 503", failed.Message, StringComparison.Ordinal);
        Assert.Equal(ExpiryState.Expired, (await rig.StatusAsync()).Auth.Profiles.Single().Expiry);
    }

    [Fact]
    public async Task The_Claude_CLIs_login_is_never_refreshed_but_read_again()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.StoreLoginAsync(Over, id: "anthropic:claude-cli");
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl, Login.Section($"{rig.Sandbox.BaseUrl}{Login.Path}"));
        await rig.StartServerAsync();
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal(("OAUTH_REFRESH_FAILED", StatusCode.FailedPrecondition), (failed.Reason, failed.Code));
        Assert.Contains("only the CLI refreshes it", failed.Message, StringComparison.Ordinal);

        // The CLI logs in anew: the next call has it, before the server looks at its files again.
        Directory.CreateDirectory(rig.Files[".claude"]);
        await WriteClaudeLoginAsync(rig, "sk-ant-oat01-FAKE-cli-2");
        Assert.Equal("anthropic:claude-cli served", (await rig.StreamAsync()).Attempts);

        // Upstream refuses it, and the CLI has another one by then.
        await WriteClaudeLoginAsync(rig, "sk-ant-oat01-FAKE-cli-3");
        rig.Sandbox.Script(Faults.Status(401).ForKey("sk-ant-oat01-FAKE-cli-2"));
        Assert.Equal("anthropic:claude-cli failed CredentialRejected 401, anthropic:claude-cli served", (await rig.StreamAsync()).Attempts);
        Assert.Empty(rig.Grants());
    }

    private static Task WriteClaudeLoginAsync(Rig rig, string access) => File.WriteAllTextAsync(rig.Files[".claude/.credentials.json"], $$"""
        { "claudeAiOauth": { "accessToken": "{{access}}", "refreshToken": "sk-ant-ort01-FAKE-cli", "expiresAt": {{rig.Time.GetUtcNow().AddHours(access[^1] - '0').ToUnixTimeMilliseconds()}} } }
        """);

    private static Fault Refused() => new Fault
    {
        Status = new StatusFault { Code = 400, Json = System.Text.Json.JsonDocument.Parse(Refusal).RootElement.Clone() },
    }.ForPath(Login.Path);

    private static Fault FaultOf(string outage) => outage switch
    {
        "dropped" => Faults.Drop(),
        "redirected" => new Fault { Status = new StatusFault { Code = 307, Text = "", Headers = new() { ["location"] = "/v1/oauth/token?elsewhere" } } },
        "silent" => Faults.StallBeforeHeaders(),
        _ => Faults.Status(int.Parse(outage, System.Globalization.CultureInfo.InvariantCulture)),
    };

    // The server looks at its files twice a second.
    private static async Task LookAsync(Rig rig)
    {
        await rig.Time.WaitForPeriodAsync(FileChanges.Interval);
        rig.Time.Advance(FileChanges.Interval);
    }
}
