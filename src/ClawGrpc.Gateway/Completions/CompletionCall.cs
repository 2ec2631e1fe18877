using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// A completion. The first route whose answer bears content serves it, and its session is pinned to that route's profile.
/// </summary>
internal sealed class CompletionCall(
    Agent agent,
    AgentSetup setup,
    RouteQuestion question,
    string sessionId,
    RequestFactory requests,
    SessionPins pins,
    TimeProvider time)
    : UpstreamCall<AnswerStream, OpenedCompletion>(agent, setup, question, sessionId)
{
    public override HealthEffect HealthEffect => HealthEffect.All;

    /// <summary>Whether the caller asks for a stream, in the body.</summary>
    public bool Streams => requests.CallerStreams;

    /// <summary>What it may come to, for the budget of the caller.</summary>
    public SpendingEstimate Estimate => requests.EstimateFor(Question.Models[0]);

    /// <summary>The same call up to its first send.</summary>
    public PlanCall Plan => new(Agent, Setup, Question, SessionId, requests);

    /// <summary>The count of the same prompt.</summary>
    public CountCall Count => new(Agent, Setup, Question, SessionId, requests);

    public override UpstreamRequest Prepare(string model, Secret credential) => requests.Prepare(model, credential);

    public override Task<AttemptResult<AnswerStream>> SendAsync(
        AnthropicApi upstream, UpstreamRequest request, Patience patience) =>
        upstream.StreamAsync(request, Setup.FirstEvent, patience);

    public override OpenedCompletion ResultOf(ServedAttempt<AnswerStream> attempt)
    {
        var profileId = attempt.Route.ProfileId;
        attempt.Log.Served(attempt.Route, attempt.RequestId, attempt.RetriesInPlace, attempt.Began, attempt.Served);
        Agent.RateLimits.See(profileId, attempt.Answer.Headers, attempt.Served);
        Agent.Record(profileId, new Served(attempt.Route.ModelRef, attempt.Began, attempt.Served));
        pins.Pin(Agent.Id, SessionId, profileId);
        return new OpenedCompletion(Agent, Setup, attempt, Client, Purse, time);
    }
}

/// <summary>A plan: the receipt that a completion would begin with.</summary>
internal sealed class PlanCall(Agent agent, AgentSetup setup, RouteQuestion question, string sessionId, RequestFactory requests)
    : UpstreamCall<bool, Receipt>(agent, setup, question, sessionId)
{
    public override HealthEffect HealthEffect => HealthEffect.None;

    // A plan refreshes no login: one that a completion would refresh is shown with the token it has.
    public override ValueTask<AccessToken> TokenAsync(Route route, CancellationToken cancellation)
    {
        if (!IsLogin(route))
            return base.TokenAsync(route, cancellation);
        var (token, problem, _) = Agent.Logins.Stored(route.Profile!);
        return new(new AccessToken(token, problem));
    }

    public override UpstreamRequest Prepare(string model, Secret credential) => requests.Prepare(model, credential);

    public override Task<AttemptResult<bool>> SendAsync(AnthropicApi upstream, UpstreamRequest request, Patience patience) =>
        Task.FromResult<AttemptResult<bool>>(new AttemptResult<bool>.Served(true, ""));

    public override Receipt ResultOf(ServedAttempt<bool> attempt)
    {
        var isDue = IsLogin(attempt.Route) && Agent.Logins.Stored(attempt.Route.Profile!).IsDue;
        return attempt.Log.Planned(attempt.Route, isDue ? "the login would be refreshed first" : "");
    }

    private static bool IsLogin(Route route) => route.Profile is { Credential: Core.StateFiles.OAuthCredential };
}

/// <summary>A count of a prompt's tokens. Its success changes nothing.</summary>
internal sealed class CountCall(Agent agent, AgentSetup setup, RouteQuestion question, string sessionId, RequestFactory requests)
    : UpstreamCall<TokenCount, CountedTokens>(agent, setup, question, sessionId)
{
    public override HealthEffect HealthEffect => HealthEffect.AllButRateLimits;

    public override UpstreamRequest Prepare(string model, Secret credential) => requests.PrepareCount(model, credential);

    public override Task<AttemptResult<TokenCount>> SendAsync(
        AnthropicApi upstream, UpstreamRequest request, Patience patience) =>
        upstream.FetchAsync(request, TokenCount.Read, Setup.FirstEvent, patience);

    public override CountedTokens ResultOf(ServedAttempt<TokenCount> attempt) =>
        new(attempt.Answer.InputTokens, attempt.Route.ModelRef);
}

/// <summary>What a prompt counts.</summary>
/// <param name="InputTokens">Its tokens.</param>
/// <param name="Model">The model that counted, as <c>provider/model</c>.</param>
internal sealed record CountedTokens(long InputTokens, string Model);
