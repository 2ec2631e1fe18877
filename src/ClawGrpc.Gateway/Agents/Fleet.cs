using System.Collections.Concurrent;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Agents;

/// <summary>The agents: those of the configuration, those that have a folder, and the default one.</summary>
internal sealed partial class Fleet(
    IStateStore store, LiveConfiguration configuration, ClaudeLoginFile claudeLogin, TokenEndpoint tokenEndpoint,
    SecretResolver secrets, UsageBook book, TimeProvider time, ILogger<Agent> log)
    : IAsyncDisposable
{
    private const string Main = "main";

    // Lazy, so that of many calls that ask for an agent at once one wakes it: two of one folder would wait for each other's
    // locks.
    private readonly ConcurrentDictionary<string, Lazy<Task<Agent>>> _agents = new(StringComparer.Ordinal);

    /// <summary>
    /// Raised with an agent's id when a profile of it is found to have a sealed secret that does not open: once for each reason.
    /// </summary>
    public event Action<string, Profile>? Unopened;

    /// <summary>The agent of requests that name none: the configuration's default, else its first, else <c>main</c>.</summary>
    public string DefaultId
    {
        get
        {
            var list = configuration.Current.Configuration.Agents.List;
            return (list.FirstOrDefault(agent => agent.IsDefault) ?? list.FirstOrDefault())?.Id ?? Main;
        }
    }

    /// <summary>All ids, in order.</summary>
    public IReadOnlyList<string> Ids => [.. configuration.Current.Configuration.Agents.List.Select(agent => agent.Id)
        .Concat(store.AgentIds).Append(DefaultId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The agents that somebody has asked for since the start.</summary>
    public IEnumerable<Agent> Awake =>
        _agents.Values.Where(agent => agent is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            .Select(agent => agent.Value.Result);

    /// <summary>The agent of an id, for a caller: the one door to an agent.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="agentId">Empty: the default one.</param>
    /// <exception cref="RefusedException">AGENT_NOT_PERMITTED, AGENT_NOT_FOUND.</exception>
    public Task<Agent> FindAsync(Caller caller, string agentId)
    {
        // A folder that has capitals in its name is found by that name first.
        var given = agentId.Trim();
        var small = given.ToLowerInvariant();
        var id = given.Length == 0 ? caller.DefaultAgent(DefaultId) : given != small && !Ids.Contains(given) ? small : given;
        if (!caller.MayUse(id))
            throw AccessRefusals.AgentNotPermitted(caller, given.Length == 0 ? id : given).ToException();
        return id != Main && Inherits ? FindWithMainAsync(agentId, id) : FindAsync(agentId, id);
    }

    // The keys that the agent has from the main one are at hand before anybody looks for them.
    private async Task<Agent> FindWithMainAsync(string agentId, string id)
    {
        await FindAsync(Main, Main);
        return await FindAsync(agentId, id);
    }

    private Task<Agent> FindAsync(string agentId, string id)
    {
        if (_agents.TryGetValue(id, out var awake))
            return awake.Value;
        return StateFolder.IsAgentId(id) && (Ids.Contains(id) || (id == Main && Inherits))
            ? _agents.GetOrAdd(id, found => new Lazy<Task<Agent>>(() => WakeAsync(found))).Value
            : throw Refusal.AgentNotFound(agentId).ToException();
    }

    /// <summary>
    /// Takes up the login of the Claude CLI, for an agent that has it: it was onboarded there, or the folder's programs share it.
    /// </summary>
    public async Task TakeUpClaudeLoginAsync(Agent agent)
    {
        if (!configuration.Current.Configuration.Service.Subscriptions
            || !IsNews(agent.Profiles.Effective) || claudeLogin.Read() is not { } live)
        {
            return;
        }

        try
        {
            if (ClaudeLogin.Replaces(agent.Profiles.Readable.Find(ClaudeLogin.ProfileId)?.Credential, live, time.GetUtcNow()))
            {
                await agent.ChangeAsync(
                    fresh => ClaudeLogin.Replaces(fresh.Find(ClaudeLogin.ProfileId)?.Credential, live, time.GetUtcNow())
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

        bool IsNews(ProfileStore profiles) =>
            profiles.Find(ClaudeLogin.ProfileId) is not null || (agent.Id == Main && configuration.Generation.SharesClaudeLogin);
    }

    /// <summary>
    /// Notes at the start which upstream is configured for the profiles of all agents: an agent may be asked for only after
    /// another one is.
    /// </summary>
    public async Task NoteOriginsAsync()
    {
        foreach (var id in Ids.Append(Main).Distinct())
        {
            try
            {
                await ProfileOrigins.NoteAsync(id, store, configuration.Origin);
            }
            catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
            {
                LogNotTakenUp(id, exception.Message);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Side by side, so that one that waits for a lock keeps none of the others from writing.
        await Task.WhenAll(_agents.Values.Select(async agent => await (await agent.Value).DisposeAsync()));
    }

    private async Task<Agent> WakeAsync(string id)
    {
        var agent = new Agent(
            id, store, () => configuration.Current.Configuration.Auth.Health, id == Main ? static () => null : MainOfHeirs,
            id == Main ? TellHeirs : static () => { }, LoginsOf, time, log, secrets.Resolve,
            () => configuration.Origin, book, profile => Unopened?.Invoke(id, profile));

        // A status shows the configuration, and logins are refreshed as it says.
        configuration.Changed += () =>
        {
            agent.Logins.RefreshWhatIsDue();
            agent.Feed.Publish(store.RevisionOf(id));
        };
        try
        {
            await store.OpenAsync(id);
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotTakenUp(id, exception.Message);
        }

        await agent.ReloadAsync(CancellationToken.None);
        if (store.AwaySince is null && agent.OwnNow.Problem is null)
            agent.Logins.ForgetWhatIsStored();
        await TakeUpClaudeLoginAsync(agent);
        return agent;
    }

    private bool Inherits => configuration.Current.Configuration.Auth.InheritFromMain;

    private Agent? MainOfHeirs() =>
        Inherits && _agents.TryGetValue(Main, out var main)
        && main is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }
            ? main.Value.Result
            : null;

    // What the main agent's keys do is part of the others' status too.
    private void TellHeirs()
    {
        if (!Inherits)
            return;
        foreach (var heir in Awake.Where(agent => agent.Id != Main))
            heir.Feed.Publish();
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
