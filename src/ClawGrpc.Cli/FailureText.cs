using System.Net.Sockets;
using ClawGrpc.Cli.Input;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli;

/// <summary>What a person is told of a call that failed: what went wrong, and the way out when there is one.</summary>
internal static class FailureText
{
    /// <summary>One line or two, without prefix.</summary>
    /// <param name="exception">What the call threw.</param>
    /// <param name="endpoint">The server that was called.</param>
    public static string Of(RpcException exception, ClawGrpcEndpoint endpoint)
    {
        if (NobodyListens(exception)) return $"No ClawGrpc server at {endpoint}. {HowToStart(endpoint)}";
        var error = ClawGrpcError.From(exception);
        if (error.Reason == ErrorReason.Unspecified && exception.Status.DebugException is not null)
            return $"The connection to {endpoint} broke: {Innermost(exception.Status.DebugException).Message}";
        var wayOut = WayOut(error);
        return Secrets.CutOut(wayOut.Length > 0 ? $"{What(error)}\n{wayOut}" : What(error));
    }

    private static string What(ClawGrpcError error)
    {
        if (error.Reason == ErrorReason.AgentNotFound && error.Metadata.TryGetValue("agent_id", out var agentId))
            return $"Unknown agent id \"{agentId}\". Use \"claw agents list\" to see configured agents.";
        return error.Message.Length > 0 ? error.Message : $"The server answered {error.Code} and said nothing more.";
    }

    // Where the server's message does not name it already.
    private static string WayOut(ClawGrpcError error) => error.Reason switch
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

    private static bool NobodyListens(RpcException exception) =>
        exception.Status.DebugException is { } debug
        && Innermost(debug) is SocketException
        {
            SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable or SocketError.HostNotFound,
        };

    private static Exception Innermost(Exception exception) =>
        exception.InnerException is { } inner ? Innermost(inner) : exception;

    private static string HowToStart(ClawGrpcEndpoint endpoint)
    {
        if (endpoint.SocketPath is not { } path)
            return endpoint.Address.IsLoopback ? $"Start one: clawgrpc --listen {endpoint}" : "Is the address right, and is it running?";
        return Path.GetFileName(path) == "clawgrpc.sock"
            ? $"Start one: clawgrpc --state-dir {Path.GetDirectoryName(path)}"
            : $"Start one: clawgrpc --listen {endpoint}";
    }
}
