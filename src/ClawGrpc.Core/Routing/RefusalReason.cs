namespace ClawGrpc.Core.Routing;

/// <summary>
/// Why a call was refused; the contract's <c>ErrorReason</c> has the same values and describes them. The reason speaks of
/// Anthropic and of the state, <see cref="RefusalCode"/> of the caller.
/// </summary>
internal enum RefusalReason
{
    /// <summary>A field of the request is wrong.</summary>
    InvalidField,

    /// <summary>No such agent.</summary>
    AgentNotFound,

    /// <summary>No such profile in the agent's store.</summary>
    ProfileNotFound,

    /// <summary>The profile is of another provider.</summary>
    ProviderMismatch,

    /// <summary>The agent has no credential for the provider.</summary>
    MissingCredentials,

    /// <summary>The profile that the call names cannot serve.</summary>
    ProfileUnusable,

    /// <summary>Every profile is in cooldown or disabled.</summary>
    AllProfilesUnavailable,

    /// <summary>Upstream limits the rate.</summary>
    RateLimited,

    /// <summary>A window of the plan is used up.</summary>
    PlanExhausted,

    /// <summary>Upstream is overloaded.</summary>
    Overloaded,

    /// <summary>Upstream failed, or its answer made no sense.</summary>
    ServerError,

    /// <summary>No first event came in time.</summary>
    TimedOut,

    /// <summary>The account cannot pay.</summary>
    Billing,

    /// <summary>Upstream refused the credential.</summary>
    CredentialRejected,

    /// <summary>Upstream refused the account.</summary>
    AccountRefused,

    /// <summary>Upstream permits no credential that was tried to do this.</summary>
    NotPermitted,

    /// <summary>The request costs more than any account that was tried may spend.</summary>
    RequestTooCostly,

    /// <summary>Upstream rejected the request.</summary>
    RequestRejected,

    /// <summary>The answer broke after its first content.</summary>
    Interrupted,

    /// <summary>The model is not allowed, not served, or unknown upstream.</summary>
    ModelNotFound,

    /// <summary>The configuration is invalid.</summary>
    ConfigurationInvalid,

    /// <summary>A file of the state cannot be read.</summary>
    StateUnreadable,

    /// <summary>A file of the state could not be written.</summary>
    StateNotWritten,

    /// <summary>The database that replicas share cannot be reached, and the call takes it.</summary>
    StoreUnavailable,

    /// <summary>A login could not be refreshed.</summary>
    OauthRefreshFailed,

    /// <summary>The operator switched subscription credentials off.</summary>
    SubscriptionsDisabled,

    /// <summary>This server does not implement the call.</summary>
    NotImplemented,

    /// <summary>The server is stopping.</summary>
    Stopping,

    /// <summary>The answer is longer than one that is collected may be.</summary>
    AnswerTooLarge,

    /// <summary>The requests under way take all the memory that they may.</summary>
    Busy,

    /// <summary>The caller has shown no proof of who it is, or one that leads to no client.</summary>
    Unauthenticated,

    /// <summary>The client may not do what the call asks for.</summary>
    ScopeMissing,

    /// <summary>The client may not use the agent, whether there is one or not.</summary>
    AgentNotPermitted,

    /// <summary>The client may not use the model.</summary>
    ModelNotPermitted,

    /// <summary>The client asks for more than it may at once, or in a minute.</summary>
    ClientLimited,

    /// <summary>The client has used up its budget.</summary>
    BudgetExceeded,

    /// <summary>No such client.</summary>
    ClientNotFound,

    /// <summary>There is such a client already.</summary>
    ClientExists,

    /// <summary>No such token.</summary>
    TokenNotFound,

    /// <summary>What is to be done must be written to the audit first, and cannot be.</summary>
    AuditNotWritten,

    /// <summary>What the caller showed was revoked, has expired, or permits less than it did.</summary>
    CallerEnded,

    /// <summary>Secrets are sealed, and no key for that can be used.</summary>
    SealingKeyUnavailable,

    /// <summary>Another program reads the agent's folder, and could not read sealed secrets.</summary>
    FolderShared,

    /// <summary>What the call would remove is used: the default model or a fallback, or the default agent.</summary>
    InUse,

    /// <summary>An agent of this id is configured already.</summary>
    AgentExists,

    /// <summary>A fault of ClawGrpc.</summary>
    Internal,
}

/// <summary>What a refusal means for the caller, under the names of gRPC's canonical codes.</summary>
internal enum RefusalCode
{
    /// <summary>The request is wrong; a repeat fails again.</summary>
    InvalidArgument,

    /// <summary>The deadline passed, here or upstream.</summary>
    DeadlineExceeded,

    /// <summary>What the call names does not exist.</summary>
    NotFound,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>It is not known who calls.</summary>
    Unauthenticated,

    /// <summary>There is already what the call wants to make.</summary>
    AlreadyExists,

    /// <summary>A limit is reached; a repeat may succeed later.</summary>
    ResourceExhausted,

    /// <summary>An operator must change something first.</summary>
    FailedPrecondition,

    /// <summary>The call broke half-way; the caller decides whether to repeat it.</summary>
    Aborted,

    /// <summary>This server does not implement the call.</summary>
    Unimplemented,

    /// <summary>A fault of ClawGrpc.</summary>
    Internal,

    /// <summary>A repeat may succeed soon.</summary>
    Unavailable,
}
