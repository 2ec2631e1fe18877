using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>Takes up, within a second, what other programs and editors write into the state folder.</summary>
internal sealed class StateWatch(
    Fleet fleet, LiveConfiguration configuration, ClaudeLoginFile claudeLogin, FileChanges changes) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        fleet.OnWake = agent => changes.Add(agent.StorePath);
        foreach (var agent in fleet.Awake)
            changes.Add(agent.StorePath);
        changes.Add(claudeLogin.Path);
        WatchConfiguration();
        try
        {
            await foreach (var path in changes.WatchAsync(stoppingToken))
                await TakeUpAsync(path);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task TakeUpAsync(string path)
    {
        if (configuration.Current.Files.Contains(path) || path == configuration.Path)
        {
            await configuration.ReloadAsync();
            WatchConfiguration();
        }

        foreach (var agent in fleet.Awake.Where(_ => path == claudeLogin.Path))
            await fleet.TakeUpClaudeLoginAsync(agent);
        foreach (var agent in fleet.Awake.Where(agent => agent.StorePath == path))
            await agent.ReloadAsync(CancellationToken.None);
    }

    private void WatchConfiguration()
    {
        changes.Add(configuration.Path);
        foreach (var file in configuration.Current.Files)
            changes.Add(file);
    }
}
