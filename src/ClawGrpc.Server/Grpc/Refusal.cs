using ClawGrpc.Gateway.Stores;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Grpc;

/// <summary>The refusals that do not come from upstream, one constructor each, from facts.</summary>
internal static class Refusal
{
    /// <summary>The refusal that an expected exception is; null: it is a fault.</summary>
    public static ClawException? Of(Exception exception) => exception switch
    {
        ClawException refusal => refusal,
        StateUnreadableException unreadable => new ClawException(ErrorReason.StateUnreadable, StatusCode.FailedPrecondition,
            $"{unreadable.Message} It was left as it is; mend it or move it away.").With("path", unreadable.Path)
            .With("line", unreadable.Line > 0 ? $"{unreadable.Line}" : null).With("column", unreadable.Column > 0 ? $"{unreadable.Column}" : null),
        StateNotWrittenException notWritten => new ClawException(ErrorReason.StateNotWritten, StatusCode.Unavailable, notWritten.Message)
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        }.With("path", notWritten.Path),
        _ => null,
    };

    public static ClawException InvalidFields(IReadOnlyList<(string Field, string Description)> fields)
    {
        var error = new ClawException(ErrorReason.InvalidField, StatusCode.InvalidArgument,
            string.Join("; ", fields.Select(field => $"{field.Field}: {field.Description}"))).With("field", fields[0].Field);
        error.Fields.AddRange(fields);
        return error;
    }

    public static ClawException InvalidField(string field, string description) => InvalidFields([(field, description)]);

    public static ClawException AgentNotFound(string agentId) => new ClawException(ErrorReason.AgentNotFound, StatusCode.NotFound,
        $"Unknown agent id \"{agentId}\". Use \"claw agents list\" to see the agents, or add it to agents.list of the configuration.")
        .With("agent_id", agentId);

    public static ClawException ProfileNotFound(string agentId, string profileId, string agentDir) =>
        new ClawException(ErrorReason.ProfileNotFound, StatusCode.NotFound, $"Auth profile \"{profileId}\" not found in {agentDir}.")
            .With("agent_id", agentId).With("profile_id", profileId);

    public static ClawException ProviderMismatch(string profileId, string actual, string wanted) =>
        new ClawException(ErrorReason.ProviderMismatch, StatusCode.InvalidArgument, $"Auth profile \"{profileId}\" is for {actual}, not {wanted}.")
            .With("profile_id", profileId).With("provider", actual);

    public static ClawException NotImplemented(string rpc, string instead) =>
        new ClawException(ErrorReason.NotImplemented, StatusCode.Unimplemented, $"{rpc} is not implemented by this server yet. {instead}".TrimEnd())
            .With("rpc", rpc);

    public static ClawException SubscriptionsDisabled(string profileId) =>
        new ClawException(ErrorReason.SubscriptionsDisabled, StatusCode.FailedPrecondition,
            "Subscription credentials are switched off by the operator (clawgrpc.subscriptions.enabled). Use an API key.").With("profile_id", profileId);

    public static ClawException NoClaudeLogin(string path) => new(ErrorReason.MissingCredentials, StatusCode.FailedPrecondition,
        $"No Claude Code CLI credentials found at {path}. Log in with the Claude CLI, or onboard the token of claude setup-token.");

    public static ClawException NoApiKey() => new(ErrorReason.MissingCredentials, StatusCode.FailedPrecondition,
        "There is no API key: none was given, none is in ANTHROPIC_API_KEY, and the agent has no profile of one.");

    public static ClawException Stopping() =>
        new(ErrorReason.Stopping, StatusCode.Unavailable, "The server is stopping; repeat the call on the next one.") { RetryAfter = TimeSpan.FromSeconds(1) };
}
