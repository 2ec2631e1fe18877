namespace ClawGrpc.Core.Routing;

/// <summary>What a failure of an attempt means.</summary>
internal enum FailureKind
{
    /// <summary>A 429 for a short time.</summary>
    RateLimited,

    /// <summary>A 429 with a rejected window of the plan.</summary>
    PlanExhausted,

    /// <summary>529, 503, or <c>overloaded_error</c> inside a 200 stream.</summary>
    Overloaded,

    /// <summary>500, 502, 504, a broken connection, or an unreadable answer.</summary>
    ServerError,

    /// <summary>No first event in time.</summary>
    TimedOut,

    /// <summary>402, or the credit and usage texts behind a 400, 403 or 429.</summary>
    Billing,

    /// <summary>401, or a 403 that names the token.</summary>
    CredentialRejected,

    /// <summary>A 400 or 403 that judges the account: disabled, suspended, no access to Claude, terms not accepted.</summary>
    AccountRefused,

    /// <summary>Any other 403: another credential may be permitted what this one is not.</summary>
    NotPermitted,

    /// <summary>A 404 that names the model.</summary>
    ModelNotFound,

    /// <summary>A 429 that judges the request, such as a long context without extra usage.</summary>
    RequestTooCostly,

    /// <summary>400, other 404, 413, 422.</summary>
    RequestRejected,

    /// <summary>Broke after the first content-bearing event.</summary>
    Interrupted,

    /// <summary>The caller left.</summary>
    Cancelled,
}

/// <summary>What a failure sets aside.</summary>
internal enum SetsAside
{
    /// <summary>Nothing: it says nothing of the credential.</summary>
    Nothing,

    /// <summary>The profile with this model.</summary>
    Route,

    /// <summary>The profile with every model.</summary>
    Profile,
}

/// <summary>How long a failure sets aside.</summary>
internal enum Clock
{
    /// <summary>Not at all; a profile that is set aside stays so until it gets a new credential.</summary>
    None,

    /// <summary>The step of the ladder for the number of failures; longer when upstream says so.</summary>
    Ladder,

    /// <summary>The first step of the ladder, however many failures.</summary>
    FirstStep,

    /// <summary>Exactly until the stated reset; the ladder when none is stated.</summary>
    StatedReset,

    /// <summary>Doubling hours; longer when upstream says so.</summary>
    BillingBackoff,
}
