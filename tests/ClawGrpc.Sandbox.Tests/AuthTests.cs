using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class AuthTests
{
    private const string OAuth = "oauth-2025-04-20";

    public static TheoryData<string?, string?, string?, int, string?> Credentials => new()
    {
        { "sk-ant-api03-FAKE-a", null, null, 200, null },
        { null, "Bearer sk-ant-api03-FAKE-a", null, 200, null },
        { null, "Bearer sk-ant-oat01-FAKE-a", OAuth, 200, null },
        { null, "Bearer sk-ant-oat01-FAKE-a", $"context-1m-2025-08-07, {OAuth}", 200, null },
        { null, "Bearer sk-ant-oat01-FAKE-a", null, 401, "OAuth authentication is currently not supported." },
        { "sk-ant-oat01-FAKE-a", null, OAuth, 401, "invalid x-api-key" },
        { "sk-ant-admin01-FAKE-a", null, null, 401, "invalid x-api-key" },
        { "sk-ant-api03-", null, null, 401, "invalid x-api-key" },
        { "nonsense", null, null, 401, "invalid x-api-key" },
        { null, "Bearer nonsense", null, 401, "Invalid bearer token" },
        { null, null, null, 401, "x-api-key header is required" },
        { "sk-ant-api03-FAKE-a", "Bearer sk-ant-api03-FAKE-a", null, 401,
            "Only one of x-api-key and authorization may be sent." },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    public async Task A_credential_is_good_in_its_own_header_only(
        string? apiKey, string? authorization, string? beta, int status, string? message)
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox, key: null);
        var headers = new[] { ("x-api-key", apiKey), ("authorization", authorization), ("anthropic-beta", beta) }
            .Where(header => header.Item2 is not null)
            .Select(header => (header.Item1, header.Item2!))
            .ToArray();

        using var response = await client.Http.SendAsync(client.Request(Client.Body(), headers: headers));

        Assert.Equal(status, (int)response.StatusCode);
        if (message is not null)
        {
            var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal("authentication_error", json.GetProperty("error").GetProperty("type").GetString());
            Assert.Equal(message, json.GetProperty("error").GetProperty("message").GetString());
            Assert.Equal("false", Assert.Single(response.Headers.GetValues("x-should-retry")));
        }
    }

    [Fact]
    public async Task Only_configured_keys_are_good_when_that_is_asked_for()
    {
        await using var sandbox =
            await Sandbox.StartAsync(new() { AcceptUnknownKeys = false, Keys = [new("sk-ant-api03-FAKE-known")] });
        using var known = new Client(sandbox, "sk-ant-api03-FAKE-known");
        using var unknown = new Client(sandbox, "sk-ant-api03-FAKE-unknown");
        Assert.Equal(200, (await known.PostAsync(Client.Body())).Status);
        Assert.Equal(401, (await unknown.PostAsync(Client.Body())).Status);

        sandbox.AddKey(new("sk-ant-api03-FAKE-unknown"));
        Assert.Equal(200, (await unknown.PostAsync(Client.Body())).Status);
    }

    [Fact]
    public async Task The_account_of_a_key_is_its_own_and_stable_unless_configured()
    {
        await using var sandbox = await Sandbox.StartAsync(new()
        {
            Keys = [new("sk-ant-api03-FAKE-b", "11111111-0000-4000-8000-000000000000", "wrkspc_shared"), new(
                "sk-ant-api03-FAKE-c", null, "wrkspc_shared")],
        });
        var accounts = new List<(string Organization, string Workspace)>();
        foreach (var key in new[] { "sk-ant-api03-FAKE-a", "sk-ant-api03-FAKE-a", "sk-ant-api03-FAKE-z", "sk-ant-api03-FAKE-b",
            "sk-ant-api03-FAKE-c" })
        {
            using var client = new Client(sandbox, key);
            using var response = await client.SendAsync(Client.Body());
            accounts.Add((response.Headers.GetValues(
                "anthropic-organization-id").Single(), response.Headers.GetValues("anthropic-workspace-id").Single()));
        }

        Assert.Equal(accounts[0], accounts[1]);
        Assert.NotEqual(accounts[0].Workspace, accounts[2].Workspace);
        Assert.Equal(("11111111-0000-4000-8000-000000000000", "wrkspc_shared"), accounts[3]);
        Assert.Equal((accounts[0].Organization, "wrkspc_shared"), accounts[4]);
    }
}
