using ClawGrpc.Cli.Input;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A failed call as text: the server's message, and the command of <c>claw</c> that helps with its reason.</summary>
internal static class FailureText
{
    private const string NoToken = "No token was found: set CLAWGRPC_TOKEN_FILE, or pass --token-file.";

    /// <summary>One or two lines, without prefix.</summary>
    /// <param name="exception">The exception that the call threw.</param>
    /// <param name="endpoint">The server that was called.</param>
    /// <param name="hasToken">Whether the call showed a token.</param>
    public static string Of(RpcException exception, ClawGrpcEndpoint endpoint, bool hasToken)
    {
        var error = ClawGrpcError.From(exception);
        if (error.ReasonName.Length == 0 && WrongServer.Of(exception, endpoint) is { } wrong)
            return wrong;
        if (error.ReasonName.Length == 0 && exception.Status.DebugException is { } cause)
            return Broken(endpoint, Innermost(cause).Message);
        var hint = error.Reason == ErrorReason.Unauthenticated && !hasToken ? NoToken : Hint(error);
        return Secrets.Mask(hint.Length > 0 ? $"{Message(error)}\n{hint}" : Message(error));
    }

    private static string Message(ClawGrpcError error)
    {
        if (error.Reason == ErrorReason.AgentNotFound && error.Metadata.TryGetValue("agent_id", out var agentId))
            return $"Unknown agent id \"{agentId}\". Use \"claw agents list\" to see configured agents.";
        return error.Message.Length > 0 ? error.Message : $"The server answered {error.Code} and said nothing more.";
    }

    // Empty where the server's message already says what to do.
    private static string Hint(ClawGrpcError error) => error.Reason switch
    {
        ErrorReason.ProfileUnusable or ErrorReason.OauthRefreshFailed =>
            "See claw models status. A new credential replaces it: claw onboard --profile-id "
            + $"{error.Metadata.GetValueOrDefault("profile_id", "ID")}.",
        ErrorReason.AllProfilesUnavailable or ErrorReason.RateLimited or ErrorReason.PlanExhausted or ErrorReason.Billing =>
            error.RetryDelay is { } delay
                ? $"The next profile is back in {ShortDuration.Of(delay)}. See claw models status."
                : "See claw models status.",
        ErrorReason.Overloaded or ErrorReason.ServerError or ErrorReason.TimedOut => "Trying again later may help.",
        ErrorReason.ModelNotFound => "See claw models list.",
        _ => "",
    };

    // A person knows nothing of the frames below.
    private static string Broken(ClawGrpcEndpoint endpoint, string why) =>
        why.Contains("HTTP/2", StringComparison.Ordinal) || why.Contains("(ResponseEnded)", StringComparison.Ordinal)
            ? WrongServer.Closed(endpoint)
            : $"The connection to {endpoint} broke: {why}";

    private static Exception Innermost(Exception exception) =>
        exception.InnerException is { } inner ? Innermost(inner) : exception;
}
