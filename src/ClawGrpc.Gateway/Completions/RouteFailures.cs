using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Why the routes of a call did not serve.</summary>
internal sealed class RouteFailures
{
    private readonly List<(string ProfileId, UpstreamFailure Failure)> _failures = new(0);
    private readonly List<(string ProfileId, LoginProblem Problem)> _problems = new(0);
    private readonly List<RouteProblem> _all = new(0);

    /// <summary>Whether none was tried yet.</summary>
    public bool IsEmpty => _failures.Count == 0 && _problems.Count == 0;

    /// <summary>How many failed upstream.</summary>
    public int Count => _failures.Count;

    /// <summary>What upstream failed, with the profile it came from.</summary>
    public IReadOnlyList<(string ProfileId, UpstreamFailure Failure)> Upstream => _failures;

    /// <summary>Logins without an access token.</summary>
    public IReadOnlyList<(string ProfileId, LoginProblem Problem)> Logins => _problems;

    /// <summary>All that did not serve, in order, skipped ones among them.</summary>
    public IReadOnlyList<RouteProblem> All => _all;

    public void Add(Route route, UpstreamFailure failure)
    {
        _failures.Add((route.ProfileId, failure));
        _all.Add(RouteProblem.Of(route, failure));
    }

    public void Add(Route route, LoginProblem problem)
    {
        _problems.Add((route.ProfileId, problem));
        _all.Add(RouteProblem.Of(route, problem));
    }

    public void Add(Route route, SetAside aside) => _all.Add(RouteProblem.Of(route, aside));
}
