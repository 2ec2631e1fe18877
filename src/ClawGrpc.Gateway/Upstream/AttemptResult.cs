using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>What an attempt came to.</summary>
internal abstract record AttemptResult<T>
{
    private AttemptResult()
    {
    }

    /// <summary>Upstream answers.</summary>
    /// <param name="Answer">Its answer.</param>
    /// <param name="RequestId">Upstream's name of the answer; empty if it has none.</param>
    public sealed record Served(T Answer, string RequestId) : AttemptResult<T>;

    /// <summary>Upstream failed.</summary>
    /// <param name="Failure">How; without secrets.</param>
    /// <param name="Counted">What upstream had counted before; null if nothing.</param>
    public sealed record Failed(UpstreamFailure Failure, UsageCount? Counted = null) : AttemptResult<T>
    {
        /// <summary>The headers of the answer; none if none came.</summary>
        public AnswerHeaders Headers { get; init; } = AnswerHeaders.None;
    }

    /// <summary>The caller left.</summary>
    /// <param name="Counted">What upstream had counted before; null if nothing.</param>
    public sealed record CallerLeft(UsageCount? Counted) : AttemptResult<T>;

    /// <summary>Nothing was sent: another call has set the route aside meanwhile.</summary>
    public sealed record SetAside(Core.StateFiles.SetAside Why) : AttemptResult<T>;

    /// <summary>Nothing was sent: the login of the route has no access token.</summary>
    /// <param name="Problem">Why.</param>
    public sealed record NoToken(LoginProblem Problem) : AttemptResult<T>;
}
