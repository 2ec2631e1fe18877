namespace ClawGrpc.Core.Routing;

/// <summary>What a probe of a profile found, in OpenClaw's terms (openclaw-spec.md, section 7.4).</summary>
internal enum ProbeOutcome
{
    /// <summary>The profile answered.</summary>
    Ok,

    /// <summary>Its credential is missing, expired or refused.</summary>
    Auth,

    /// <summary>It is rate limited, or upstream is overloaded.</summary>
    RateLimit,

    /// <summary>Its account cannot pay.</summary>
    Billing,

    /// <summary>No answer came in time.</summary>
    Timeout,

    /// <summary>Upstream rejected the probe's request.</summary>
    Format,

    /// <summary>Anything else, such as a server error, or a profile that is not tried.</summary>
    Unknown,

    /// <summary>No model is configured to probe with.</summary>
    NoModel,
}
