using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ClawGrpc.Core.Routing;

/// <summary>How a failure ends the call when no route is left to try.</summary>
/// <param name="Reason">Why the call is refused.</param>
/// <param name="Code">What the caller can do about it.</param>
/// <param name="HttpStatus">The status over HTTP; <see cref="AsUpstream"/> if the caller gets upstream's own.</param>
internal sealed record FailureEnd(RefusalReason Reason, RefusalCode Code, int HttpStatus)
{
    /// <summary>Stands in <see cref="HttpStatus"/> where the caller gets the status that upstream answered with.</summary>
    public const int AsUpstream = 0;

    /// <summary>The codes of those statuses of upstream for which <see cref="Code"/> would say too little.</summary>
    public ImmutableArray<(int UpstreamStatus, RefusalCode Code)> Exceptions { get; init; } = [];
}

/// <summary>One row of the failure table.</summary>
/// <param name="Kind">The failure.</param>
/// <param name="Name">Its name in <c>usageStats</c> and the status; OpenClaw's if OpenClaw has one.</param>
/// <param name="SetsAside">What it sets aside.</param>
/// <param name="TriesNext">Whether the next route is tried.</param>
/// <param name="Clock">For how long it sets aside.</param>
/// <param name="Probe">What a probe that fails so reports.</param>
/// <param name="End">How it ends the call; null if the caller has left and nothing is answered.</param>
internal sealed record FailureRow(
    FailureKind Kind, string Name, SetsAside SetsAside, bool TriesNext, Clock Clock, ProbeOutcome Probe, FailureEnd? End)
{
    /// <summary>Whether the same route is tried again first.</summary>
    public bool RetriesInPlace { get; init; }
}

/// <summary>The one place that decides what a failure means. docs/failures.md has the same table.</summary>
internal static class FailureTable
{
    /// <summary>One row for each kind.</summary>
    public static readonly ImmutableArray<FailureRow> Rows =
    [
        new(FailureKind.RateLimited, "rate_limit", SetsAside.Route, TriesNext: true, Clock.Ladder,
            ProbeOutcome.RateLimit, new(RefusalReason.RateLimited, RefusalCode.ResourceExhausted, 429)),
        new(FailureKind.PlanExhausted, "rate_limit", SetsAside.Route, TriesNext: true, Clock.StatedReset,
            ProbeOutcome.RateLimit, new(RefusalReason.PlanExhausted, RefusalCode.ResourceExhausted, 429)),
        new(FailureKind.Overloaded, "overloaded", SetsAside.Nothing, TriesNext: true, Clock.None,
            ProbeOutcome.RateLimit, new(RefusalReason.Overloaded, RefusalCode.Unavailable, 529)) { RetriesInPlace = true },
        new(FailureKind.ServerError, "server_error", SetsAside.Nothing, TriesNext: true, Clock.None,
            ProbeOutcome.Unknown, new(RefusalReason.ServerError, RefusalCode.Unavailable, 503)
            {
                Exceptions = [(504, RefusalCode.DeadlineExceeded)],
            }),
        new(FailureKind.TimedOut, "timeout", SetsAside.Route, TriesNext: true, Clock.FirstStep,
            ProbeOutcome.Timeout, new(RefusalReason.TimedOut, RefusalCode.Unavailable, 504)),
        new(FailureKind.Billing, "billing", SetsAside.Profile, TriesNext: true, Clock.BillingBackoff,
            ProbeOutcome.Billing, new(RefusalReason.Billing, RefusalCode.ResourceExhausted, 503)),
        new(FailureKind.CredentialRejected, "auth", SetsAside.Profile, TriesNext: true, Clock.None,
            ProbeOutcome.Auth, new(RefusalReason.CredentialRejected, RefusalCode.FailedPrecondition, 503)),
        new(FailureKind.AccountRefused, "auth_permanent", SetsAside.Profile, TriesNext: true, Clock.None,
            ProbeOutcome.Auth, new(RefusalReason.AccountRefused, RefusalCode.FailedPrecondition, 503)),
        new(FailureKind.NotPermitted, "not_permitted", SetsAside.Nothing, TriesNext: true, Clock.None,
            ProbeOutcome.Auth, new(RefusalReason.NotPermitted, RefusalCode.PermissionDenied, 503)),
        new(FailureKind.ModelNotFound, "model_not_found", SetsAside.Nothing, TriesNext: true, Clock.None,
            ProbeOutcome.Format, new(RefusalReason.ModelNotFound, RefusalCode.NotFound, 404)),
        new(FailureKind.RequestTooCostly, "too_costly", SetsAside.Nothing, TriesNext: true, Clock.None,
            ProbeOutcome.RateLimit, new(RefusalReason.RequestTooCostly, RefusalCode.ResourceExhausted, 429)),
        new(FailureKind.RequestRejected, "format", SetsAside.Nothing, TriesNext: false, Clock.None,
            ProbeOutcome.Format, new(RefusalReason.RequestRejected, RefusalCode.InvalidArgument, FailureEnd.AsUpstream)
            {
                Exceptions = [(404, RefusalCode.NotFound)],
            }),
        new(FailureKind.Interrupted, "interrupted", SetsAside.Nothing, TriesNext: false, Clock.None,
            ProbeOutcome.Unknown, new(RefusalReason.Interrupted, RefusalCode.Aborted, 500)),
        new(FailureKind.Cancelled, "cancelled", SetsAside.Nothing, TriesNext: false, Clock.None, ProbeOutcome.Unknown, End: null),
    ];

    private static readonly FrozenDictionary<FailureKind, FailureRow> ByKind = Rows.ToFrozenDictionary(row => row.Kind);

    /// <summary>The row of a kind.</summary>
    /// <param name="kind">Any.</param>
    public static FailureRow RowOf(FailureKind kind) => ByKind[kind];
}
