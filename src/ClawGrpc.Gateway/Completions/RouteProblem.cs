using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Why a route did not serve, in the words of OpenClaw's texts (openclaw-spec.md, sections 5.6 and 5.7).</summary>
/// <param name="Model">As <c>provider/model</c>.</param>
/// <param name="Message">For people.</param>
/// <param name="Reason">Such as <c>rate_limit</c>.</param>
/// <param name="WasTried">Whether anything was sent or a login renewed; false if the route was set aside.</param>
internal sealed record RouteProblem(string Model, string Message, string Reason, bool WasTried)
{
    /// <summary>Stands for every route that is set aside.</summary>
    public const string NoneAvailable = "No available auth profile for anthropic (all in cooldown or unavailable).";

    // What the messages of all models share, so that none of many models is cut off at the end of an error.
    private const int LongestMessages = 800;
    private const int ShortestMessage = 80;
    private const int LeastError = 400;

    // Such as `HTTP 429 rate_limit_error: `.
    private string Kind { get; init; } = "";

    private string RequestId { get; init; } = "";

    public static RouteProblem Of(Route route, UpstreamFailure failure)
    {
        var kind = $"{(failure.Status >= LeastError ? $"HTTP {failure.Status}" : "")} {failure.ErrorType}".Trim();
        return new RouteProblem(route.ModelRef, failure.Message, failure.Row.Name, WasTried: true)
        {
            Kind = kind.Length > 0 ? $"{kind}: " : "",
            RequestId = failure.RequestId is { Length: > 0 } id ? $" (request_id: {id})" : "",
        };
    }

    public static RouteProblem Of(Route route, LoginProblem problem) =>
        new(route.ModelRef, problem.Message, "auth", WasTried: true);

    // Programs that write a cooldown without its reason mean a rate limit.
    public static RouteProblem Of(Route route, SetAside aside) =>
        new(route.ModelRef, NoneAvailable, aside.Reason ?? "rate_limit", WasTried: false);

    /// <summary>
    /// The text of a call whose models all failed, with the last failure of each; null if it had only one model.
    /// </summary>
    /// <param name="problems">In order.</param>
    /// <param name="models">How many models there were to try; more than were tried if the limit of attempts was reached.</param>
    public static string? OfModels(IEnumerable<RouteProblem> problems, int models)
    {
        var failed = problems.GroupBy(problem => problem.Model)
            .Select(same => same.LastOrDefault(problem => problem.WasTried) ?? same.Last()).ToList();
        if (failed.Count < 2)
            return null;
        var longest = Math.Max(ShortestMessage, LongestMessages / failed.Count);
        var count = failed.Count == models ? $"All models failed ({models})" : $"{failed.Count} of {models} models failed";
        return $"{count}: {string.Join(" | ", failed.Select(each => each.Text(longest)))}";
    }

    private string Text(int longest)
    {
        var length = longest < Message.Length && char.IsHighSurrogate(Message[longest - 1]) ? longest - 1 : longest;
        var message = Message.Length <= longest ? Message : $"{Message[..length]}…";
        return $"{Model}: {Kind}{message}{RequestId} ({Reason})";
    }
}
