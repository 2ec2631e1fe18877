using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// Takes up, within a second, what other programs and editors write into the store, the login of the Claude CLI, and files that
/// references name.
/// </summary>
internal sealed class StateWatch(
    Fleet fleet, LiveConfiguration configuration, ClaudeLoginFile claudeLogin, SecretResolver secrets, IStateStore store,
    Clients clients)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WatchStoreAsync(stoppingToken), WatchHostAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task WatchStoreAsync(CancellationToken stopping)
    {
        await foreach (var place in store.WatchAsync(stopping))
        {
            if (configuration.Current.Files.Contains(place) || place == configuration.Path)
                await configuration.ReloadAsync();
            if (place == store.ClientsPlace)
                await clients.ReloadAsync();
            foreach (var agent in fleet.Awake.Where(agent => agent.StorePath == place))
                await agent.ReloadAsync(CancellationToken.None);
        }
    }

    // Files of this host, wherever the state is: the login of the Claude CLI, and those that references name.
    private async Task WatchHostAsync(CancellationToken stopping)
    {
        secrets.Files.Add(claudeLogin.Path);
        await foreach (var path in secrets.Files.WatchAsync(stopping))
        {
            foreach (var agent in fleet.Awake)
            {
                if (path == claudeLogin.Path)
                    await fleet.TakeUpClaudeLoginAsync(agent);
                else
                    agent.Feed.Publish();
            }
        }
    }
}
