using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// Takes up, within a second, what other programs and editors write into the store, and the login of the Claude CLI.
/// </summary>
internal sealed class StateWatch(
    Fleet fleet, LiveConfiguration configuration, ClaudeLoginFile claudeLogin, IStateStore store, TimeProvider time)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(WatchStoreAsync(stoppingToken), WatchClaudeLoginAsync(stoppingToken));
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
            foreach (var agent in fleet.Awake.Where(agent => agent.StorePath == place))
                await agent.ReloadAsync(CancellationToken.None);
        }
    }

    // A file of this host, wherever the state is.
    private async Task WatchClaudeLoginAsync(CancellationToken stopping)
    {
        var changes = new FileChanges(time);
        changes.Add(claudeLogin.Path);
        await foreach (var _ in changes.WatchAsync(stopping))
        {
            foreach (var agent in fleet.Awake)
                await fleet.TakeUpClaudeLoginAsync(agent);
        }
    }
}
