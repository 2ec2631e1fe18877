using System.Collections.Immutable;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Completions;

/// <summary>How to probe.</summary>
/// <param name="Provider">Normalized; empty for all.</param>
/// <param name="ProfileIds">Empty for all.</param>
/// <param name="Timeout">For one probe.</param>
/// <param name="Concurrency">At least one.</param>
/// <param name="MaxTokens">At least one.</param>
internal sealed record ProbeOptions(
    string Provider, ImmutableArray<string> ProfileIds, TimeSpan Timeout, int Concurrency, int MaxTokens);

/// <summary>The kind of a stored credential, as callers know it.</summary>
internal enum CredentialKind
{
    ApiKey,
    Token,
    Oauth,
}

/// <summary>A profile, or a key that belongs to no profile, and what a probe found about it.</summary>
/// <param name="Provider">Normalized.</param>
/// <param name="Model">What is asked for, as <c>provider/model</c>; empty if there is none to ask for.</param>
/// <param name="ProfileId">Empty for a key that belongs to no profile.</param>
/// <param name="Label">For people.</param>
/// <param name="Source">Where the credential is from, such as <c>profile</c> or <c>env</c>.</param>
/// <param name="Kind">The kind of the credential.</param>
internal sealed record Probe(string Provider, string Model, string ProfileId, string Label, string Source, CredentialKind Kind)
{
    public ProbeOutcome Outcome { get; init; }

    /// <summary>Empty if the outcome is <see cref="ProbeOutcome.Ok"/>.</summary>
    public string Error { get; init; } = "";

    /// <summary>How long the request took; null if none was sent.</summary>
    public TimeSpan? Latency { get; init; }
}
