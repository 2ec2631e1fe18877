using ClawGrpc.Core.Access;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Access;

/// <summary>The refusals of callers.</summary>
internal static class AccessRefusals
{
    private const int LongestShownId = 16;

    /// <summary>One text for every cause: who guesses is not told how near the guess was.</summary>
    public static readonly Refusal Unauthenticated = new(RefusalReason.Unauthenticated, RefusalCode.Unauthenticated,
        "The caller is not known. Call the server's Unix socket as its own user, or show a valid token of a client "
        + "(CLAWGRPC_TOKEN_FILE or CLAWGRPC_TOKEN), a certificate or a signed token that leads to one; claw clients makes them. "
        + "The server's log has the cause.");

    /// <summary>A client that was pointed here keeps sending Anthropic's credential.</summary>
    public static readonly Refusal ForeignCredential = Unauthenticated with
    {
        Message = "A credential of Anthropic was sent. ClawGrpc takes its own tokens and never Anthropic's: set "
            + "ANTHROPIC_AUTH_TOKEN to a ClawGrpc token (claw clients token create), and unset ANTHROPIC_API_KEY.",
    };

    public static Refusal ScopeMissing(Caller caller, Scopes scope) =>
        new Refusal(RefusalReason.ScopeMissing, RefusalCode.PermissionDenied,
            $"Client \"{caller.Client.Name}\" may not do this: it takes the scope {NameOf(scope)}.")
            .With("client", caller.Client.Name).With("scope", NameOf(scope));

    /// <summary>The same whether there is such an agent or not.</summary>
    public static Refusal AgentNotPermitted(Caller caller, string agentId) =>
        new Refusal(RefusalReason.AgentNotPermitted, RefusalCode.PermissionDenied,
            $"Client \"{caller.Client.Name}\" may not use an agent \"{agentId}\".")
            .With("client", caller.Client.Name).With("agent_id", agentId);

    /// <summary>What all agents share is changed by those alone who may use all.</summary>
    public static Refusal AllAgentsNeeded(Caller caller) =>
        new Refusal(RefusalReason.AgentNotPermitted, RefusalCode.PermissionDenied,
            $"Client \"{caller.Client.Name}\" may not use all agents, and this is about what they share.")
            .With("client", caller.Client.Name);

    public static Refusal ModelNotPermitted(Caller caller, string model) =>
        new Refusal(RefusalReason.ModelNotPermitted, RefusalCode.PermissionDenied,
            $"Client \"{caller.Client.Name}\" may not use the model {model}. "
            + $"Permitted: {string.Join(", ", caller.Client.Models)}.")
            .With("client", caller.Client.Name).With("model", model);

    public static Refusal SessionNotPermitted(Caller caller) => Refusal.InvalidField(
        "session_id", $"The token is bound to the session \"{caller.Token?.Session}\"");

    /// <summary>A call under way ends.</summary>
    /// <param name="caller">Who called.</param>
    /// <param name="why">Half a sentence, such as <c>the token was revoked</c>.</param>
    public static Refusal Ended(Caller caller, string why) =>
        new Refusal(RefusalReason.CallerEnded, RefusalCode.Unauthenticated,
            $"The call ends: {why}. Call again with a proof that is valid.")
            .With("client", caller.Client.Name);

    /// <summary>Nothing of a budget is left.</summary>
    public static Refusal BudgetExceeded(string client, ClientBudget budget, DateTimeOffset reset, DateTimeOffset now)
    {
        var period = budget.Period == BudgetPeriod.Month ? "month" : "day";
        return new Refusal(RefusalReason.BudgetExceeded, RefusalCode.ResourceExhausted,
            $"Client \"{client}\" has used up its budget of this {period}. It begins anew at {reset:yyyy-MM-ddTHH:mm:ssZ}.")
        {
            RetryAfter = reset - now,
        }.With("client", client).With("period", period).With("reset", $"{reset:yyyy-MM-ddTHH:mm:ssZ}");
    }

    /// <summary>What costs nobody knows how much is not paid from a budget in dollars.</summary>
    public static Refusal NoPrice(string client) =>
        new Refusal(RefusalReason.ModelNotPermitted, RefusalCode.PermissionDenied,
            $"Client \"{client}\" has a budget in US dollars, and the model has no price. Give it one in "
            + "models.providers.anthropic.models, or the client a budget in tokens.")
            .With("client", client);

    /// <summary>A limit of the client is reached.</summary>
    /// <param name="client">Its name.</param>
    /// <param name="limit">The member of <c>ClientLimits</c>.</param>
    /// <param name="wait">How long to wait; null if that is unknown.</param>
    public static Refusal Limited(string client, string limit, TimeSpan? wait) =>
        new Refusal(RefusalReason.ClientLimited, RefusalCode.ResourceExhausted,
            $"Client \"{client}\" has reached its limit of {limit.Replace('_', ' ')}. Repeat the call later.")
        {
            RetryAfter = wait ?? TimeSpan.FromSeconds(1),
        }.With("client", client).With("limit", limit);

    /// <summary>Too many calls of one peer showed nothing that leads to a client.</summary>
    public static readonly Refusal TooManyUnknown = new(RefusalReason.ClientLimited, RefusalCode.ResourceExhausted,
        "Too many calls of this peer have shown nothing that leads to a client. Repeat the call later, with a valid proof.")
    {
        RetryAfter = TimeSpan.FromMinutes(1),
    };

    public static Refusal ClientNotFound(string name) =>
        new Refusal(RefusalReason.ClientNotFound, RefusalCode.NotFound,
            $"Unknown client \"{name}\". Use \"claw clients list\" to see the clients.").With("client", name);

    public static Refusal ClientExists(string name) =>
        new Refusal(RefusalReason.ClientExists, RefusalCode.AlreadyExists,
            $"There is a client \"{name}\" already. Use \"claw clients update\", or remove it first.").With("client", name);

    public static Refusal ClientIsConfigured(string name) =>
        new Refusal(RefusalReason.ClientExists, RefusalCode.AlreadyExists,
            $"The client \"{name}\" is one of the configuration (clawgrpc.clients), or the server's own. Change it there.")
            .With("client", name);

    /// <summary>What is longer than an id may be a whole token, and is not repeated.</summary>
    public static Refusal TokenNotFound(string id)
    {
        var shown = id.Length <= LongestShownId ? id : "...";
        return new Refusal(RefusalReason.TokenNotFound, RefusalCode.NotFound,
            $"Unknown token \"{shown}\". Use \"claw clients show\" to see the ids of a client's tokens.").With("token_id", shown);
    }

    /// <summary>A change of credentials or clients that could not be recorded before it.</summary>
    public static Refusal AuditNotWritten(string path, string why) =>
        new Refusal(RefusalReason.AuditNotWritten, RefusalCode.Unavailable,
            $"Nothing was changed, since the audit {path} cannot be written: {why}. Free the disk, or mend or move the file.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        }.With("path", path);

    private static string NameOf(Scopes scope) => string.Join(", ", ScopeNames.Of(scope));
}
