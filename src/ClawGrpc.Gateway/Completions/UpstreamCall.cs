using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Something to ask of upstream by the first route that serves: a completion, a plan of one, a count of tokens, the models.
/// </summary>
/// <param name="agent">Whose credentials serve.</param>
/// <param name="setup">The configuration as it was when the call came.</param>
/// <param name="question">Which routes.</param>
/// <param name="sessionId">Empty if the call names none.</param>
/// <typeparam name="TAnswer">What an attempt gets from upstream.</typeparam>
/// <typeparam name="TResult">What the call gets.</typeparam>
internal abstract class UpstreamCall<TAnswer, TResult>(Agent agent, AgentSetup setup, RouteQuestion question, string sessionId)
{
    public Agent Agent => agent;

    public AgentSetup Setup => setup;

    public RouteQuestion Question => question;

    public string SessionId => sessionId;

    /// <summary>The client that asks.</summary>
    public string Client { get; init; } = Caller.Server.Client.Name;

    /// <summary>What pays for it; null if the caller has no budget.</summary>
    public Purse? Purse { get; set; }

    /// <summary>What the call's failures do to the health of profiles.</summary>
    public abstract HealthEffect HealthEffect { get; }

    /// <summary>The credential of a route: the stored one, or the access token of its login.</summary>
    public virtual ValueTask<AccessToken> TokenAsync(Route route, CancellationToken cancellation) =>
        route.Profile?.Credential switch
        {
            null => new(new AccessToken(route.FallbackKey!.Key, null)),
            ApiKeyCredential key => new(new AccessToken(key.Key, null)),
            TokenCredential token => new(new AccessToken(token.Token, null)),
            _ => Agent.Logins.TokenAsync(route.Profile, null, cancellation),
        };

    /// <summary>The request for a model and a credential.</summary>
    public abstract UpstreamRequest Prepare(string model, Secret credential);

    /// <summary>One attempt.</summary>
    public abstract Task<AttemptResult<TAnswer>> SendAsync(AnthropicApi upstream, UpstreamRequest request, Patience patience);

    /// <summary>What the call gets from the attempt that served.</summary>
    public abstract TResult ResultOf(ServedAttempt<TAnswer> attempt);
}

/// <summary>What the failures of a call do to the health of profiles.</summary>
internal enum HealthEffect
{
    /// <summary>
    /// Nothing: a credential that is refused here may be good for completions, as a setup-token without the scope for it.
    /// </summary>
    None,

    /// <summary>
    /// All that the failure table says, except for rate limits: this call's are not those of completions (anthropic-api.md,
    /// section 1).
    /// </summary>
    AllButRateLimits,

    /// <summary>All that the failure table says.</summary>
    All,
}

/// <summary>The attempt that served a call.</summary>
/// <param name="Route">The route.</param>
/// <param name="Request">What was sent.</param>
/// <param name="Answer">The answer.</param>
/// <param name="RequestId">Upstream's name of the answer; empty if it has none.</param>
/// <param name="Log">The receipt so far.</param>
/// <param name="Began">When the attempt began.</param>
/// <param name="Served">When its first content came.</param>
/// <param name="RetriesInPlace">How often it was repeated on the same route.</param>
/// <param name="Caller">Cancelled when the caller leaves.</param>
internal sealed record ServedAttempt<TAnswer>(
    Route Route,
    UpstreamRequest Request,
    TAnswer Answer,
    string RequestId,
    ReceiptLog Log,
    DateTimeOffset Began,
    DateTimeOffset Served,
    int RetriesInPlace,
    CancellationToken Caller);

/// <summary>What a call came to.</summary>
internal abstract record CallResult<TResult>
{
    private CallResult()
    {
    }

    /// <summary>The result.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public TResult OrThrow() => this switch
    {
        Served served => served.Result,
        Refused refused => throw refused.Refusal.ToException(),
        _ => throw new InvalidOperationException($"Unknown result {GetType().Name}."),
    };

    /// <summary>A route served.</summary>
    public sealed record Served(TResult Result) : CallResult<TResult>;

    /// <summary>No route could serve.</summary>
    public sealed record Refused(Refusal Refusal) : CallResult<TResult>;
}
