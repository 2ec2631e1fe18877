using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.OAuth;

/// <summary>
/// A fixture whose first profile is an OAuth login, as another program stored it; the second one is an API key.
/// </summary>
internal static class Login
{
    public const string Path = "/v1/oauth/token";
    public const string Access = "sk-ant-oat01-FAKE-stored-access-0000000001";
    public const string Refresh = "sk-ant-ort01-FAKE-stored-refresh-000000001";
    public const string ClientId = "a-client-of-the-operator";

    /// <summary>Before every answer of a slow endpoint.</summary>
    public static readonly TimeSpan Slowness = TimeSpan.FromSeconds(3);

    public static Fault Slow => Faults.Slow(beforeHeadersMs: (int)Slowness.TotalMilliseconds).ForPath(Path);

    /// <param name="left">How long the stored access token is still good.</param>
    /// <param name="withKey">Whether there is the second profile.</param>
    /// <param name="configured">Whether the sandbox's token endpoint is configured.</param>
    /// <param name="sandbox">How upstream behaves.</param>
    /// <param name="more">Further members of the configuration, as JSON5.</param>
    public static async Task<ServerFixture> StartAsync(
        TimeSpan left, bool withKey = false, bool configured = true, SandboxOptions? sandbox = null, string more = "")
    {
        var fixture = await ServerFixture.PrepareAsync(sandbox);

        // OpenClaw's order, by which the login is tried before the key.
        fixture.Generation = "openclaw";
        await fixture.StoreLoginAsync(left, withKey: withKey);
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl, $"{(configured ? Section($"{fixture.Sandbox.BaseUrl}{Path}") : "")}, {more}".Trim(' ', ','));
        await fixture.StartServerAsync();
        return fixture;
    }

    public static string Section(string url) => $"clawgrpc: {{ oauth: {{ tokenUrl: '{url}', clientId: '{ClientId}' }} }}";

    /// <summary>Writes both profiles as another program would: with members and numbers that must not be lost.</summary>
    public static Task StoreLoginAsync(
        this ServerFixture fixture,
        TimeSpan left,
        string refresh = Refresh,
        string access = Access,
        bool withKey = false,
        string id = One) => fixture.Files.WriteProfilesAsync($$"""
        {
          "version": 1,
          "profiles": {
            "{{id}}": { "type": "oauth", "provider": "anthropic", "access": "{{access}}", "refresh": "{{refresh}}",
              "expires": {{(fixture.Time.GetUtcNow() + left).ToUnixTimeMilliseconds()}}, "email": "me@example.com",
                "scopes": ["user:inference"] }{{(withKey ? "," : "")}}
            {{(withKey ? $$"""  "{{Two}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyTwo}}" }""" : "")}}
          },
          "usageStats": { "{{id}}": { "errorCount": 2, "failureCounts": { "rate_limit": 2 }, "lastFailureAt": 1700000000000,
            "theirs": true } }
        }
        """);

    /// <summary>The requests to the token endpoint so far.</summary>
    public static IReadOnlyList<SeenRequest> Grants(this ServerFixture fixture) =>
        [.. fixture.Sandbox.Requests.Where(request => request.Path == Path)];

    /// <summary>The credentials of the completions so far.</summary>
    public static IReadOnlyList<string> Used(this ServerFixture fixture) =>
        [.. fixture.Sandbox.Requests.Where(request => request.Path != Path).Select(request => request.Credential!)];

    /// <summary>Waits until the endpoint was asked so often.</summary>
    public static Task AskedAsync(this ServerFixture fixture, int times) =>
        fixture.Sandbox.WaitUntilAsync(requests => requests.Count(request => request.Path == Path) >= times);

    /// <summary>
    /// Waits until the server has written that the second profile served just now, so that it does not write while the test
    /// does.
    /// </summary>
    public static async Task SettleAsync(this ServerFixture fixture)
    {
        var served = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await ServerFixture.EventuallyAsync(() =>
        {
            fixture.Time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(fixture.Files.Profiles().GetProperty("usageStats").TryGetProperty(Two, out var stats)
                && stats.GetProperty("lastUsed").GetInt64() == served);
        });
    }

    /// <summary>The stored login's member.</summary>
    public static string Stored(this ServerFixture fixture, string member, string id = One) =>
        fixture.Files.Profiles().GetProperty("profiles").GetProperty(id).GetProperty(member).ToString();
}
