using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>What is asked of upstream.</summary>
/// <param name="Prepare">Makes the request of a model and a credential.</param>
/// <param name="TryAsync">Sends it by a route.</param>
/// <param name="Moves">What its failures do to the health of profiles.</param>
internal sealed record Errand<T>(
    Func<string, Secret, PreparedRequest> Prepare, Func<Route, PreparedRequest, CancellationToken, Task<Tried<T>>> TryAsync, Moves Moves)
    where T : class;

/// <summary>What the failures of an errand do to the health of profiles.</summary>
internal enum Moves
{
    /// <summary>All that the failure table says.</summary>
    Health,

    /// <summary>The same, but for a limit of the rate: this errand's is not that of completions (anthropic-api.md, section 1).</summary>
    HealthButForRateLimits,

    /// <summary>Nothing: a credential that is refused here may be good for completions, as a setup-token without the scope for it.</summary>
    Nothing,
}

/// <summary>Who answered an errand, and what.</summary>
/// <param name="Route">The route.</param>
/// <param name="Request">What was sent.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Log">The receipt so far.</param>
/// <param name="Began">When the attempt began.</param>
internal sealed record ServedBy<T>(Route Route, PreparedRequest Request, T Answer, ReceiptLog Log, DateTimeOffset Began);
