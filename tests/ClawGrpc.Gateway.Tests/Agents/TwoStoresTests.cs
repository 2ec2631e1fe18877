using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Gateway.Tests.Agents;

/// <summary>
/// Several programs with the same folder: under the file's lock one of them asks, and the others find what it got.
/// </summary>
public sealed class TwoStoresTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private string Profiles => _folder["auth-profiles.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_stores_on_one_folder_ask_once_between_them()
    {
        await using var sandbox = await Sandbox.StartAsync();
        await File.WriteAllTextAsync(Profiles, $$"""
            { "version": 1, "profiles": { "anthropic:one": { "type": "oauth", "provider": "anthropic",
              "access": "sk-ant-oat01-FAKE-stored-access", "refresh": "sk-ant-ort01-FAKE-stored-refresh", "expires": 1 } } }
            """);
        await using var one = NewAgent(sandbox);
        await using var two = NewAgent(sandbox);
        await Task.WhenAll(one.ReloadAsync(CancellationToken.None), two.ReloadAsync(CancellationToken.None));
        var asked = await Task.WhenAll(Enumerable.Range(0, 100).Select(call => TokenOfAsync(call % 2 == 0 ? one : two)));
        Assert.Single(sandbox.Requests);
        Assert.All(asked, token => Assert.Null(token.Problem));
        var used = Assert.Single(asked.Select(token => token.Token!.Reveal()).Distinct());
        Assert.Contains(used, await File.ReadAllTextAsync(Profiles), StringComparison.Ordinal);
        Assert.Equal(["auth-profiles.json"], _folder.Names);
    }

    private static async Task<AccessToken> TokenOfAsync(Agent agent) =>
        await agent.Logins.TokenAsync(agent.Profiles.Readable.Find("anthropic:one")!, null, CancellationToken.None);

    private Agent NewAgent(Sandbox sandbox)
    {
        var http = new Connections();
        var configured = new OAuthConfiguration(new Uri($"{sandbox.BaseUrl}/v1/oauth/token"), "a-client-of-the-operator");
        var store = new FileStore(
            StateFolder.Resolve(_folder.Path, _ => null, "/"), _ => _folder.Path, TimeProvider.System);
        return new Agent(
            "main", store, () => HealthRules.OpenClaw20261, () => null, () => { },
            agent => new Logins(
                agent, new TokenEndpoint(http, TimeProvider.System), () => configured, _ => Task.CompletedTask,
                TimeProvider.System, NullLogger.Instance),
            TimeProvider.System, NullLogger<Agent>.Instance);
    }
}
