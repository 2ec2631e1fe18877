using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class TokenEndpointTests
{
    private const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    [Fact]
    public async Task A_refresh_token_works_once_and_brings_the_next()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };

        var (status, first) = await RefreshAsync(http, "sk-ant-ort01-FAKE-first");
        Assert.Equal(200, status);
        Assert.Equal("Bearer", first.GetProperty("token_type").GetString());
        Assert.Equal(28800, first.GetProperty("expires_in").GetInt32());
        Assert.StartsWith("sk-ant-oat01-", first.GetProperty("access_token").GetString(), StringComparison.Ordinal);

        var (again, error) = await RefreshAsync(http, "sk-ant-ort01-FAKE-first");
        Assert.Equal(400, again);
        Assert.Equal(
            """{"error":"invalid_grant","error_description":"Refresh token not found or invalid"}""", error.GetRawText());

        var (next, second) = await RefreshAsync(http, first.GetProperty("refresh_token").GetString()!);
        Assert.Equal(200, next);
        Assert.NotEqual(first.GetProperty("access_token").GetString(), second.GetProperty("access_token").GetString());
        // Both tokens are the same login's: the same workspace, so the same prompt caches.
        Assert.Equal(await WorkspaceAsync(http, first), await WorkspaceAsync(http, second));
    }

    [Fact]
    public async Task Of_two_refreshes_at_once_one_wins()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefreshAsync(http, "sk-ant-ort01-FAKE-raced")));
        Assert.Single(answers, answer => answer.Status == 200);
    }

    [Fact]
    public async Task An_access_token_ends_by_the_clock()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox =
            await Sandbox.StartAsync(new() { TimeProvider = clock, AccessTokenLifetime = TimeSpan.FromMinutes(10) });
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        var (_, token) = await RefreshAsync(http, "sk-ant-ort01-FAKE-short");
        Assert.Equal(200, (await AskAsync(http, token)).Status);

        clock.Advance(TimeSpan.FromMinutes(10));

        var (status, error) = await AskAsync(http, token);
        Assert.Equal(401, status);
        Assert.Equal(ErrorTexts.OAuthExpired, error.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Workload_identity_token_gives_access_token_but_no_refresh()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        var body = new
        {
            grant_type = JwtBearer,
            assertion = "e30.e30.sig",
            federation_rule_id = "fdrl_1",
            organization_id = "22222222-0000-4000-8000-000000000000",
            workspace_id = "wrkspc_work",
        };
        var (withoutBeta, _) = await PostAsync(http, body);
        Assert.Equal(400, withoutBeta);

        http.DefaultRequestHeaders.Add("anthropic-beta", "oauth-2025-04-20,oidc-federation-2026-04-01");
        var (status, token) = await PostAsync(http, body);
        Assert.Equal(200, status);
        Assert.False(token.TryGetProperty("refresh_token", out _));
        Assert.Equal("wrkspc_work", await WorkspaceAsync(http, token));
    }

    [Theory]
    [InlineData("""{"grant_type":"password"}""", "unsupported_grant_type")]
    [InlineData("""{"grant_type":"refresh_token","refresh_token":"sk-ant-ort01-FAKE-a"}""", "invalid_request")]
    [InlineData("""{"grant_type":"refresh_token","refresh_token":"nonsense","client_id":"c"}""", "invalid_grant")]
    [InlineData("nonsense", "invalid_request")]
    public async Task A_wrong_request_is_refused_in_the_shape_of_RFC_6749(string body, string error)
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        using var response = await http.PostAsync("/v1/oauth/token", new StringContent(body));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(error, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_refresh_fails_by_script_and_leaves_the_token_unused()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Status(500).ForPath("/v1/oauth/token"));
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        Assert.Equal(500, (await RefreshAsync(http, "sk-ant-ort01-FAKE-kept")).Status);
        Assert.Equal(200, (await RefreshAsync(http, "sk-ant-ort01-FAKE-kept")).Status);
    }

    private static Task<(int Status, JsonElement Json)> RefreshAsync(HttpClient http, string token) =>
        PostAsync(http, new { grant_type = "refresh_token", refresh_token = token, client_id = "FAKE" });

    private static async Task<(int Status, JsonElement Json)> PostAsync(HttpClient http, object body)
    {
        using var response = await http.PostAsJsonAsync("/v1/oauth/token", body);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private static async Task<(int Status, JsonElement Json)> AskAsync(HttpClient http, JsonElement token)
    {
        using var response = await SendAsync(http, token);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    private static async Task<string> WorkspaceAsync(HttpClient http, JsonElement token)
    {
        using var response = await SendAsync(http, token);
        return response.Headers.GetValues("anthropic-workspace-id").Single();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, JsonElement token)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, "/v1/messages")
        { Content = new StringContent(Client.Body().ToJsonString()) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("access_token").GetString());
        request.Headers.Add("anthropic-version", "2023-06-01");
        request.Headers.TryAddWithoutValidation("anthropic-beta", "oauth-2025-04-20");
        return await http.SendAsync(request);
    }
}
