using System.Collections.Immutable;

namespace ClawGrpc.Core.Routing;

/// <summary>What a failure of an attempt means (design: "What a failure means").</summary>
internal enum FailureKind
{
    /// <summary>A 429 for a short time.</summary>
    RateLimited,

    /// <summary>A 429 with a rejected window of the plan.</summary>
    PlanExhausted,

    /// <summary>529, 503, or <c>overloaded_error</c> inside a 200 stream.</summary>
    Overloaded,

    /// <summary>500, 502, 504, a broken connection, or an answer that is none.</summary>
    ServerError,

    /// <summary>No first event in time.</summary>
    TimedOut,

    /// <summary>402, or the credit texts behind a 400, 403 or 429.</summary>
    Billing,

    /// <summary>401, or a 403 that names the token.</summary>
    CredentialRejected,

    /// <summary>400, other 403, 404, 413, 422.</summary>
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
    /// <summary>Not at all, or not for a time (<see cref="FailureKind.CredentialRejected"/>).</summary>
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

/// <summary>One row of the failure table.</summary>
/// <param name="Kind">The failure.</param>
/// <param name="Reason">Its name in <c>usageStats</c> and the status, OpenClaw's where it has one.</param>
/// <param name="SetsAside">What it sets aside.</param>
/// <param name="TriesNext">Whether the next route is tried.</param>
/// <param name="Clock">For how long.</param>
/// <param name="RetriesInPlace">Whether the same route is tried again first.</param>
internal sealed record FailureRow(FailureKind Kind, string Reason, SetsAside SetsAside, bool TriesNext, Clock Clock, bool RetriesInPlace = false);

/// <summary>The one place that decides what a failure means. The same table stands in the README.</summary>
internal static class FailureTable
{
    /// <summary>One row for each kind, in the order of the enum.</summary>
    public static readonly ImmutableArray<FailureRow> Rows =
    [
        new(FailureKind.RateLimited, "rate_limit", SetsAside.Route, TriesNext: true, Clock.Ladder),
        new(FailureKind.PlanExhausted, "rate_limit", SetsAside.Route, TriesNext: true, Clock.StatedReset),
        new(FailureKind.Overloaded, "overloaded", SetsAside.Nothing, TriesNext: true, Clock.None, RetriesInPlace: true),
        new(FailureKind.ServerError, "server_error", SetsAside.Nothing, TriesNext: true, Clock.None),
        new(FailureKind.TimedOut, "timeout", SetsAside.Route, TriesNext: true, Clock.FirstStep),
        new(FailureKind.Billing, "billing", SetsAside.Profile, TriesNext: true, Clock.BillingBackoff),
        new(FailureKind.CredentialRejected, "auth", SetsAside.Profile, TriesNext: true, Clock.None),
        new(FailureKind.RequestRejected, "format", SetsAside.Nothing, TriesNext: false, Clock.None),
        new(FailureKind.Interrupted, "interrupted", SetsAside.Nothing, TriesNext: false, Clock.None),
        new(FailureKind.Cancelled, "cancelled", SetsAside.Nothing, TriesNext: false, Clock.None),
    ];

    /// <summary>The row of a kind.</summary>
    /// <param name="kind">Any.</param>
    public static FailureRow RowOf(FailureKind kind) => Rows[(int)kind];
}
