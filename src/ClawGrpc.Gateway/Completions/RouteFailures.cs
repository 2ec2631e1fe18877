using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Why the routes of a call did not serve.</summary>
internal sealed class RouteFailures
{
    private readonly List<(string ProfileId, UpstreamFailure Failure)> _failures = new(0);
    private readonly List<(string ProfileId, LoginProblem Problem)> _problems = new(0);

    /// <summary>Whether none was tried yet.</summary>
    public bool IsEmpty => _failures.Count == 0 && _problems.Count == 0;

    /// <summary>How many failed upstream.</summary>
    public int Count => _failures.Count;

    /// <summary>What upstream failed, with the profile it came from.</summary>
    public IReadOnlyList<(string ProfileId, UpstreamFailure Failure)> Upstream => _failures;

    /// <summary>Logins without an access token.</summary>
    public IReadOnlyList<(string ProfileId, LoginProblem Problem)> Logins => _problems;

    public void Add(Route route, UpstreamFailure failure) => _failures.Add((route.ProfileId, failure));

    public void Add(Route route, LoginProblem problem) => _problems.Add((route.ProfileId, problem));
}
