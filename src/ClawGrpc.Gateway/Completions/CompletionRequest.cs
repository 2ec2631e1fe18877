using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Completions;

/// <summary>A caller's request, the same for every face of the server.</summary>
internal sealed record CompletionRequest
{
    /// <summary>Who calls.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Empty for the default agent.</summary>
    public string AgentId { get; init; } = "";

    /// <summary>A model ref or an alias; empty if the body or the configuration names the model.</summary>
    public string Model { get; init; } = "";

    /// <summary>The caller's own key of a conversation; empty if there is none.</summary>
    public string SessionId { get; init; } = "";

    /// <summary>
    /// The Messages request as JSON; null if it is missing or wrong and the caller has been found to err already.
    /// </summary>
    public required ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>What errors call the body, such as <c>messages_json</c>; empty if the body is all of the request.</summary>
    public string BodyField { get; init; } = "";

    /// <summary>Null if the caller leaves it to the configuration.</summary>
    public Retention? Retention { get; init; }

    /// <summary>What the caller adds to <c>anthropic-beta</c>.</summary>
    public ImmutableArray<string> Betas { get; init; } = [];

    /// <summary>Further <c>anthropic-*</c> headers of the caller, which are sent as they are.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The one profile that may serve; empty for all, in order.</summary>
    public string ProfileId { get; init; } = "";

    /// <summary>Whether the fallbacks of the configuration may serve in place of the model.</summary>
    public bool Fallbacks { get; init; } = true;

    /// <summary>Whether setup-tokens and logins may serve.</summary>
    public bool Subscriptions { get; init; } = true;

    /// <summary>
    /// Whether the body is sent as it came but for the model's alias, breakpoints and how it is streamed: no default is added.
    /// </summary>
    public bool IsVerbatim { get; init; }

    /// <summary>A date such as <c>2023-06-01</c>; empty for the default.</summary>
    public string AnthropicVersion { get; init; } = "";
}
