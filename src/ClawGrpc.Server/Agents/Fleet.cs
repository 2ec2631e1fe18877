using System.Collections.Concurrent;
using ClawGrpc.Core.Profiles;
using ClawGrpc.Server.Configuration;
using ClawGrpc.Server.Errors;
using ClawGrpc.Server.State;

namespace ClawGrpc.Server.Agents;

/// <summary>The agents: those of the configuration, those that have a folder, and the default one.</summary>
internal sealed partial class Fleet(
    StateFolder folder, LiveConfiguration configuration, ClaudeLoginFile claudeLogin, TokenEndpoint tokenEndpoint, TimeProvider time, ILogger<Agent> log)
    : IAsyncDisposable
{
    private const string Main = "main";
    private readonly ConcurrentDictionary<string, Task<Agent>> _agents = new(StringComparer.Ordinal);

    /// <summary>The agent of requests that name none: the configuration's default, else its first, else <c>main</c>.</summary>
    public string DefaultId
    {
        get
        {
            var list = configuration.Current.Configuration.Agents.List;
            return (list.FirstOrDefault(agent => agent.IsDefault) ?? list.FirstOrDefault())?.Id.Trim() is { Length: > 0 } id ? id : Main;
        }
    }

    /// <summary>All ids, in order.</summary>
    public IReadOnlyList<string> Ids => [.. configuration.Current.Configuration.Agents.List.Select(agent => agent.Id.Trim()).Where(StateFolder.IsAgentId)
        .Concat(folder.StoredAgents()).Append(DefaultId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The agents that somebody has asked for since the start.</summary>
    public IEnumerable<Agent> Awake => _agents.Values.Where(agent => agent.IsCompletedSuccessfully).Select(agent => agent.Result);

    /// <summary>Called with each agent as it wakes up.</summary>
    public Action<Agent> OnWake { get; set; } = static _ => { };

    /// <summary>The agent of an id.</summary>
    /// <param name="agentId">Empty: the default one.</param>
    /// <exception cref="ClawException">AGENT_NOT_FOUND.</exception>
    public Task<Agent> FindAsync(string agentId)
    {
        var id = agentId.Length > 0 ? agentId : DefaultId;
        if (_agents.TryGetValue(id, out var awake))
            return awake;
        return StateFolder.IsAgentId(id) && Ids.Contains(id) ? _agents.GetOrAdd(id, WakeAsync) : throw Refusal.AgentNotFound(agentId);
    }

    /// <summary>Takes up the login of the Claude CLI, for an agent that has it: it was onboarded there, or the folder's programs share it.</summary>
    public async Task TakeUpClaudeLoginAsync(Agent agent)
    {
        if (!configuration.Current.Configuration.Service.Subscriptions || !IsNews(agent.StoreOrEmpty) || claudeLogin.Read() is not { } live)
            return;
        try
        {
            if (ClaudeLogin.Replaces(agent.Store.Find(ClaudeLogin.ProfileId)?.Credential, live, time.GetUtcNow()))
            {
                await agent.ChangeAsync(
                    store => ClaudeLogin.Replaces(store.Find(ClaudeLogin.ProfileId)?.Credential, live, time.GetUtcNow())
                        ? [new PutProfile(ClaudeLogin.ProfileId, live)]
                        : [],
                    CancellationToken.None);
                LogTakenUp(agent.Id, claudeLogin.ShortPath);
            }
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotTakenUp(agent.Id, exception.Message);
        }

        bool IsNews(ProfileStore store) =>
            store.Find(ClaudeLogin.ProfileId) is not null || (agent.Id == Main && configuration.Generation.SharesClaudeLogin);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents.Values)
            await (await agent).DisposeAsync();
    }

    private async Task<Agent> WakeAsync(string id)
    {
        var directory = configuration.Current.Configuration.Agents.Find(id)?.AgentDir is { } configured
            ? folder.Expand(configured)
            : folder.AgentDir(id);
        var store = new AgentStore(Path.Join(directory, "auth-profiles.json"), time);

        // What a crash left: this is the only server of the folder, and nothing of it writes here yet.
        AtomicFile.RemoveLeftovers(directory);
        LockFolder.RemoveLeftover(store.Path);
        var agent = new Agent(id, store, () => configuration.Current.Configuration.Auth.Health, LoginsOf, time, log);
        try
        {
            await LegacyFiles.ImportAsync(store, id == Main ? folder.LegacyLoginsPath : null);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotTakenUp(id, exception.Message);
        }

        await agent.ReloadAsync(CancellationToken.None);
        await TakeUpClaudeLoginAsync(agent);
        OnWake(agent);
        return agent;
    }

    private Logins LoginsOf(Agent agent) => new(
        agent, tokenEndpoint,
        () => configuration.Current.Configuration.Service is { Subscriptions: true, OAuth: { } endpoint } ? endpoint : null,
        TakeUpClaudeLoginAsync, time, log);

    [LoggerMessage(20, LogLevel.Information, "Agent {AgentId} has the login of the Claude CLI as it is now in {Path}")]
    private partial void LogTakenUp(string agentId, string path);

    [LoggerMessage(21, LogLevel.Warning, "Credentials kept elsewhere were not taken up for agent {AgentId}: {Why}")]
    private partial void LogNotTakenUp(string agentId, string why);
}
