namespace ClawGrpc.Core.Access;

/// <summary>Who calls: a client, and the proof that led to it.</summary>
/// <param name="Client">The client.</param>
/// <param name="Proof">What it has shown.</param>
internal sealed record Caller(Client Client, Proof Proof)
{
    /// <summary>The server's own work, which nobody asked for.</summary>
    public static readonly Caller Server = new(Client.Local, new Proof.Loopback());

    /// <summary>The token that led to the client; null if another proof did.</summary>
    public ClientToken? Token { get; init; }

    /// <summary>When it ends by itself; null if never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it may do something of this kind.</summary>
    public bool May(Scopes scope) => (Client.Scopes & scope) == scope;

    /// <summary>Whether it may use an agent.</summary>
    public bool MayUse(string agentId) =>
        Client.MayUse(agentId) && (Token is not { Agent.Length: > 0 } bound || bound.Agent == agentId);

    /// <summary>Whether it may use every agent, and so change what they share.</summary>
    public bool HasAllAgents => Client.HasAllAgents && Token is not { Agent.Length: > 0 };

    /// <summary>Whether the addresses of accounts are its business.</summary>
    public bool SeesMail => (Client.Scopes & (Scopes.Onboard | Scopes.Admin)) != Scopes.None;

    /// <summary>The agent of a call that names none.</summary>
    /// <param name="usual">The one of the configuration.</param>
    public string DefaultAgent(string usual) => Token is { Agent: { Length: > 0 } bound } ? bound
        : MayUse(usual) || Client.Agents.IsEmpty ? usual : Client.Agents[0];

    /// <summary>The session of a call; null if its token is bound to another one.</summary>
    /// <param name="asked">What the call names; empty if it names none.</param>
    public string? SessionOf(string asked) =>
        Token is not { Session: { Length: > 0 } bound } ? asked : asked.Length == 0 || asked == bound ? bound : null;
}
