
namespace ClawGrpc.Core.Anthropic;

/// <summary>What is decided about a request; the rest of it is the caller's.</summary>
/// <param name="Model">The model's id as upstream knows it, without provider.</param>
/// <param name="Stream">Whether the answer is to be streamed.</param>
/// <param name="DefaultMaxTokens">
/// Sent as <c>max_tokens</c> if the request has none; more is sent if the request's budget for thinking needs it. Null: nothing
/// is added.
/// </param>
/// <param name="Cache">What the cache policy adds, planned for the same request; null if there is nothing.</param>
/// <param name="Temperature">
/// Sent as <c>temperature</c> if the request has no sampling member and <see cref="Sampling"/> allows it; null if there is
/// none.
/// </param>
internal sealed record RequestDecisions(
    string Model, bool Stream, int? DefaultMaxTokens, CachePlan? Cache = null, double? Temperature = null);
