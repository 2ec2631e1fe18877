namespace ClawGrpc.Core.Routing;

/// <summary>Why a call was refused. The reason speaks of Anthropic and of the state; the code speaks of the caller.</summary>
internal enum RefusalReason
{
    InvalidField,
    AgentNotFound,
    ProfileNotFound,
    ProviderMismatch,
    MissingCredentials,
    ProfileUnusable,
    AllProfilesUnavailable,
    RateLimited,
    PlanExhausted,
    Overloaded,
    ServerError,
    TimedOut,
    Billing,
    CredentialRejected,
    RequestRejected,
    Interrupted,
    ModelNotFound,
    ConfigurationInvalid,
    StateUnreadable,
    StateNotWritten,
    OauthRefreshFailed,
    SubscriptionsDisabled,
    NotImplemented,
    Stopping,
    Internal,
}

/// <summary>What a refusal means for the caller: the names of gRPC's canonical codes.</summary>
internal enum RefusalCode
{
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    Unimplemented,
    Internal,
    Unavailable,
}
