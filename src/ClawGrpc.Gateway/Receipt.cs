using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway;

/// <summary>
/// What a call did upstream: every attempt, the request as it was sent, what upstream counted and what that costs.
/// </summary>
internal sealed record Receipt
{
    /// <summary>Names the completion in logs and errors; empty for a plan.</summary>
    public required string CompletionId { get; init; }

    public required string AgentId { get; init; }

    /// <summary>Empty if the call names none.</summary>
    public required string SessionId { get; init; }

    /// <summary>The model that served, else the one that was asked for, as <c>provider/model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The profile that served; empty if none did, or a key that belongs to no profile.</summary>
    public required string ProfileId { get; init; }

    /// <summary>Every attempt and every skipped route, in order.</summary>
    public required ImmutableArray<Attempt> Attempts { get; init; }

    /// <summary>The request of the last attempt; null if none was made.</summary>
    public SentRequest? Sent { get; init; }

    /// <summary>What the cache policy did to that request; null if it has no say in it.</summary>
    public CachePlan? Cache { get; init; }

    /// <summary>What upstream counted; null if it counted nothing.</summary>
    public UsageCount? Usage { get; init; }

    /// <summary>What that costs; null if upstream counted nothing.</summary>
    public Cost? Cost { get; init; }

    /// <summary>Upstream's name of the answer; empty if none came.</summary>
    public required string RequestId { get; init; }

    /// <summary>Why the answer ended, such as <c>end_turn</c>; empty if it did not end.</summary>
    public string StopReason { get; init; } = "";

    /// <summary>When the call came in.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>From the start to the first content-bearing event; null if none came.</summary>
    public TimeSpan? TimeToFirstEvent { get; init; }

    /// <summary>From the start to the end; null for a plan.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The revision of the agent's status when the routes were chosen.</summary>
    public required long StatusRevision { get; init; }
}

/// <summary>What became of an attempt.</summary>
internal enum AttemptOutcome
{
    /// <summary>It served.</summary>
    Served,

    /// <summary>Nothing was sent: the route is set aside or has no usable credential.</summary>
    Skipped,

    /// <summary>Upstream failed it.</summary>
    Failed,

    /// <summary>It began to serve and broke.</summary>
    Interrupted,

    /// <summary>The caller left.</summary>
    Cancelled,

    /// <summary>A plan would try it.</summary>
    Planned,
}

/// <summary>One attempt, or one skipped route. Texts are empty, and numbers 0, if upstream did not say.</summary>
internal sealed record Attempt(string ProfileId, string Model, AttemptOutcome Outcome)
{
    /// <summary>Null if it did not fail.</summary>
    public FailureKind? Failure { get; init; }

    public int HttpStatus { get; init; }

    public string ErrorType { get; init; } = "";

    public string ErrorCode { get; init; } = "";

    /// <summary>The window of the plan that is used up.</summary>
    public string Claim { get; init; } = "";

    public string Message { get; init; } = "";

    public string RequestId { get; init; } = "";

    public int RetriesInPlace { get; init; }

    /// <summary>Null for a plan.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Null for a plan.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>When the route is tried again by itself; null if it is not set aside.</summary>
    public DateTimeOffset? RecoverTime { get; init; }
}

/// <summary>A request as upstream got it. Headers show a mask in place of each secret.</summary>
/// <param name="Url">Where it went.</param>
/// <param name="Headers">In the order in which they were sent.</param>
/// <param name="BodyBytes">The length of the body.</param>
internal sealed record SentRequest(Uri Url, ImmutableArray<RequestHeader> Headers, int BodyBytes);
