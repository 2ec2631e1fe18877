using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>Somebody who may call: an identity that was configured, or created by a command.</summary>
internal sealed record Client
{
    /// <summary>Stands for every agent in <see cref="Agents"/>.</summary>
    public const string AnyAgent = "*";

    /// <summary>The name of the client that the server's own user and root are.</summary>
    public const string LocalName = "local";

    /// <summary>The server's own user and root.</summary>
    public static readonly Client Local = new()
    {
        Name = LocalName,
        Scopes = Scopes.All,
        Agents = [AnyAgent],
        IsConfigured = true,
    };

    /// <summary>Letters, digits, dots and dashes; unique.</summary>
    public required string Name { get; init; }

    /// <summary>What it may do.</summary>
    public required Scopes Scopes { get; init; }

    /// <summary>The ids of the agents that it may use, or <see cref="AnyAgent"/>; empty if none.</summary>
    public required ImmutableArray<string> Agents { get; init; }

    /// <summary>The models that it may use, as <c>provider/model</c>; empty for all that its agents may use.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>What leads to it besides its tokens.</summary>
    public ImmutableArray<Binding> Bindings { get; init; } = [];

    /// <summary>Its tokens.</summary>
    public ImmutableArray<ClientToken> Tokens { get; init; } = [];

    /// <summary>How much it may ask for at once and in a minute.</summary>
    public ClientLimits Limits { get; init; } = ClientLimits.None;

    /// <summary>How much it may spend; null for any amount.</summary>
    public ClientBudget? Budget { get; init; }

    /// <summary>When it was created; null if it is configured.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Whether the configuration has it; commands change its tokens alone then.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>Whether it may use every agent, and so change what they share.</summary>
    public bool HasAllAgents => Agents.Contains(AnyAgent);

    /// <summary>Whether it may use an agent.</summary>
    public bool MayUse(string agentId) => HasAllAgents || Agents.Contains(agentId);

    /// <summary>Whether it may use a model, given as <c>provider/model</c>.</summary>
    public bool MayUseModel(string model) => Models.IsEmpty || Models.Contains(model, StringComparer.OrdinalIgnoreCase);

    /// <summary>Never more than the name.</summary>
    public override string ToString() => $"client {Name}";
}

/// <summary>How much a client may ask for. Null: no limit.</summary>
/// <param name="RequestsPerMinute">Calls of any kind that begin within a minute.</param>
/// <param name="Completions">Completions under way at once.</param>
/// <param name="Watchers">Status watches at once.</param>
/// <param name="Megabytes">Large requests under way at once, in MB.</param>
internal sealed record ClientLimits(int? RequestsPerMinute, int? Completions, int? Watchers, int? Megabytes)
{
    public static readonly ClientLimits None = new(null, null, null, null);
}

/// <summary>How much a client may spend in a calendar day or month of UTC. Null: no limit.</summary>
/// <param name="Usd">As the receipts have it.</param>
/// <param name="Tokens">Of input, output and cache together.</param>
/// <param name="Period">When it begins anew.</param>
internal sealed record ClientBudget(decimal? Usd, long? Tokens, BudgetPeriod Period);

/// <summary>When a budget begins anew.</summary>
internal enum BudgetPeriod
{
    /// <summary>At midnight UTC.</summary>
    Day,

    /// <summary>On the first day of a month, at midnight UTC.</summary>
    Month,
}
