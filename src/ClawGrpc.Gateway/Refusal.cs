using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway;

/// <summary>A refused call: why, what that means for the caller, and facts for programs. It never holds a secret.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Code">What the caller can do about it.</param>
/// <param name="Message">For people.</param>
internal sealed record Refusal(RefusalReason Reason, RefusalCode Code, string Message)
{
    /// <summary>Facts for programs, by name.</summary>
    public ImmutableDictionary<string, string> Facts { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Every wrong field of the request; empty if the refusal is not about fields.</summary>
    public ImmutableArray<FieldError> Fields { get; init; } = [];

    /// <summary>How long to wait before a repeat may succeed; null if that is unknown.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The failure of upstream that ended the call; null if upstream is not the reason.</summary>
    public FailureKind? Failure { get; init; }

    /// <summary>The failure's status over HTTP; null if upstream is not the reason.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>
    /// Upstream's answer to a request that it rejected, byte for byte but for secrets; empty if upstream did not judge the
    /// request.
    /// </summary>
    public ReadOnlyMemory<byte> UpstreamBody { get; init; }

    /// <summary>What was done before the call was refused; null if nothing was.</summary>
    public Receipt? Receipt { get; init; }

    /// <summary>The same with one more fact. An empty value adds none.</summary>
    public Refusal With(string fact, string? value) =>
        string.IsNullOrEmpty(value) ? this : this with { Facts = Facts.SetItem(fact, value) };

    public RefusedException ToException() => new(this);

    /// <summary>INVALID_FIELD with every wrong field; null if nothing is wrong.</summary>
    public static Refusal? Of(FieldErrors errors) => errors.IsEmpty ? null : InvalidFields(errors.All);

    /// <summary>Refuses the request if anything is wrong with it.</summary>
    /// <exception cref="RefusedException">INVALID_FIELD with every wrong field.</exception>
    public static void IfAny(FieldErrors errors)
    {
        if (Of(errors) is { } refusal)
            throw refusal.ToException();
    }

    public static Refusal InvalidField(string field, string description) => InvalidFields([new FieldError(field, description)]);

    public static Refusal AgentNotFound(string agentId) => new Refusal(RefusalReason.AgentNotFound, RefusalCode.NotFound,
        $"Unknown agent id \"{agentId}\". Use \"claw agents list\" to see the agents, or add it to agents.list of the "
        + "configuration.")
        .With("agent_id", agentId);

    public static Refusal ProfileNotFound(string agentId, string profileId, string agentDir) =>
        new Refusal(RefusalReason.ProfileNotFound, RefusalCode.NotFound, $"Auth profile \"{profileId}\" not found in {agentDir}.")
            .With("agent_id", agentId).With("profile_id", profileId);

    public static Refusal ProviderMismatch(string profileId, string actual, string wanted) =>
        new Refusal(RefusalReason.ProviderMismatch, RefusalCode.InvalidArgument,
            $"Auth profile \"{profileId}\" is for {actual}, not {wanted}.")
            .With("profile_id", profileId).With("provider", actual);

    public static Refusal NotImplemented(string rpc, string instead) =>
        new Refusal(RefusalReason.NotImplemented, RefusalCode.Unimplemented,
            $"{rpc} is not implemented by this server yet. {instead}".TrimEnd())
            .With("rpc", rpc);

    public static Refusal SubscriptionsDisabled(string profileId) =>
        new Refusal(RefusalReason.SubscriptionsDisabled, RefusalCode.FailedPrecondition,
            "Subscription credentials are switched off by the operator (clawgrpc.subscriptions.enabled). Use an API key.")
            .With("profile_id", profileId);

    public static Refusal NoClaudeLogin(string path) => new(RefusalReason.MissingCredentials, RefusalCode.FailedPrecondition,
        $"No Claude Code CLI credentials found at {path}. Log in with the Claude CLI, or onboard the token of claude "
        + "setup-token.");

    public static Refusal NoApiKey() => new(RefusalReason.MissingCredentials, RefusalCode.FailedPrecondition,
        "There is no API key: none was given, none is in ANTHROPIC_API_KEY, and the agent has no profile of one.");

    public static Refusal Stopping() =>
        new(RefusalReason.Stopping, RefusalCode.Unavailable, "The server is stopping; repeat the call on the next one.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Refusal Compressed() => new(RefusalReason.NotImplemented, RefusalCode.Unimplemented,
        "Compressed requests are not taken: a small one can unpack to a very large one. Send requests uncompressed, or set "
        + "clawgrpc.limits.compressedRequests.");

    public static Refusal Busy() => new(RefusalReason.Busy, RefusalCode.ResourceExhausted,
        "The requests under way take all the memory that they may (clawgrpc.limits.requestsMegabytes); repeat the call later.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    private static Refusal InvalidFields(ImmutableArray<FieldError> fields) =>
        new Refusal(RefusalReason.InvalidField, RefusalCode.InvalidArgument, string.Join(
            "; ", fields.Select(field => $"{field.Path}: {field.Description}")))
        {
            Fields = fields,
        }.With("field", fields[0].Path);
}

/// <summary>Carries a refusal to the edge that answers the call.</summary>
internal sealed class RefusedException(Refusal refusal) : Exception(refusal.Message)
{
    public Refusal Refusal { get; } = refusal;
}
