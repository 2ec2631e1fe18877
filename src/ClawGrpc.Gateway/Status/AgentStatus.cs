using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;

namespace ClawGrpc.Gateway.Status;

/// <summary>
/// What callers may know of an agent at one revision. Immutable, so that all who watch share it. It holds masks of secrets, never
/// a secret.
/// </summary>
internal sealed record AgentStatus
{
    public required string AgentId { get; init; }

    /// <summary>Grows with every change of this agent's status, across restarts too.</summary>
    public required long Revision { get; init; }

    /// <summary>When the revision came to be.</summary>
    public required DateTimeOffset Changed { get; init; }

    /// <summary>When it was rendered: what counts down is right from then on.</summary>
    public required DateTimeOffset FreshFrom { get; init; }

    /// <summary>
    /// Until then the texts that count down, such as <c>[cooldown 8m]</c>, are right; the end of time if there are none.
    /// </summary>
    public required DateTimeOffset FreshUntil { get; init; }

    /// <summary>The configuration file that commands edit.</summary>
    public required string ConfigPath { get; init; }

    /// <summary>The agent's folder.</summary>
    public required string AgentDir { get; init; }

    public required ModelChoices Models { get; init; }

    public required AuthStatus Auth { get; init; }

    /// <summary>The addresses of accounts that the labels have.</summary>
    public required ImmutableArray<string> Mails { get; init; }

    /// <summary>What is wrong with the configuration on disk, while the last good one is in force; empty if nothing is.</summary>
    public required ImmutableArray<ConfigurationError> ConfigurationErrors { get; init; }

    /// <summary>What the configuration in force says in vain.</summary>
    public required ImmutableArray<ConfigurationError> ConfigurationWarnings { get; init; }

    /// <summary>Of all completions since the server started.</summary>
    public required UsageSum Usage { get; init; }

    /// <summary>The same by model (<c>provider/model</c>), in order.</summary>
    public required ImmutableArray<(string Model, UsageSum Usage)> ModelUsages { get; init; }
}
