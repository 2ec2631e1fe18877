namespace ClawGrpc.Core.Routing;

/// <summary>Why a call was refused. The reason speaks of Anthropic and of the state; the code speaks of the caller.</summary>
public enum RefusalReason
{
    /// <summary>InvalidField.</summary>
    InvalidField,
    /// <summary>AgentNotFound.</summary>
    AgentNotFound,
    /// <summary>ProfileNotFound.</summary>
    ProfileNotFound,
    /// <summary>ProviderMismatch.</summary>
    ProviderMismatch,
    /// <summary>MissingCredentials.</summary>
    MissingCredentials,
    /// <summary>ProfileUnusable.</summary>
    ProfileUnusable,
    /// <summary>AllProfilesUnavailable.</summary>
    AllProfilesUnavailable,
    /// <summary>RateLimited.</summary>
    RateLimited,
    /// <summary>PlanExhausted.</summary>
    PlanExhausted,
    /// <summary>Overloaded.</summary>
    Overloaded,
    /// <summary>ServerError.</summary>
    ServerError,
    /// <summary>TimedOut.</summary>
    TimedOut,
    /// <summary>Billing.</summary>
    Billing,
    /// <summary>CredentialRejected.</summary>
    CredentialRejected,
    /// <summary>RequestRejected.</summary>
    RequestRejected,
    /// <summary>Interrupted.</summary>
    Interrupted,
    /// <summary>ModelNotFound.</summary>
    ModelNotFound,
    /// <summary>ConfigurationInvalid.</summary>
    ConfigurationInvalid,
    /// <summary>StateUnreadable.</summary>
    StateUnreadable,
    /// <summary>StateNotWritten.</summary>
    StateNotWritten,
    /// <summary>OauthRefreshFailed.</summary>
    OauthRefreshFailed,
    /// <summary>SubscriptionsDisabled.</summary>
    SubscriptionsDisabled,
    /// <summary>NotImplemented.</summary>
    NotImplemented,
    /// <summary>Stopping.</summary>
    Stopping,
    /// <summary>Internal.</summary>
    Internal,
}

/// <summary>What a refusal means for the caller: the names of gRPC's canonical codes.</summary>
public enum RefusalCode
{
    /// <summary>InvalidArgument.</summary>
    InvalidArgument,
    /// <summary>DeadlineExceeded.</summary>
    DeadlineExceeded,
    /// <summary>NotFound.</summary>
    NotFound,
    /// <summary>PermissionDenied.</summary>
    PermissionDenied,
    /// <summary>ResourceExhausted.</summary>
    ResourceExhausted,
    /// <summary>FailedPrecondition.</summary>
    FailedPrecondition,
    /// <summary>Aborted.</summary>
    Aborted,
    /// <summary>Unimplemented.</summary>
    Unimplemented,
    /// <summary>Internal.</summary>
    Internal,
    /// <summary>Unavailable.</summary>
    Unavailable,
}
