using System.Globalization;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Rendering;

/// <summary>Enums, amounts and times of the contract as OpenClaw writes them.</summary>
internal static class Words
{
    /// <summary>Such as <c>api_key</c>; the number if this program does not know the type.</summary>
    public static string Of(CredentialType type) => type switch
    {
        CredentialType.ApiKey => "api_key",
        CredentialType.Token => "token",
        CredentialType.Oauth => "oauth",
        CredentialType.WorkloadIdentity => "workload_identity",
        _ => Unknown((int)type),
    };

    /// <summary>Such as <c>expiring</c>.</summary>
    public static string Of(ExpiryState state) => state switch
    {
        ExpiryState.Ok => "ok",
        ExpiryState.Expiring => "expiring",
        ExpiryState.Expired => "expired",
        ExpiryState.Missing => "missing",
        ExpiryState.Static => "static",
        _ => Unknown((int)state),
    };

    /// <summary>Such as <c>rate_limit</c>.</summary>
    public static string Of(ProbeStatus status) => status switch
    {
        ProbeStatus.Ok => "ok",
        ProbeStatus.Auth => "auth",
        ProbeStatus.RateLimit => "rate_limit",
        ProbeStatus.Billing => "billing",
        ProbeStatus.Timeout => "timeout",
        ProbeStatus.Format => "format",
        ProbeStatus.Unknown => "unknown",
        ProbeStatus.NoModel => "no_model",
        _ => Unknown((int)status),
    };

    /// <summary>Such as <c>short</c>.</summary>
    public static string Of(CacheRetention retention) => retention switch
    {
        CacheRetention.None => "none",
        CacheRetention.Short => "short",
        CacheRetention.Long => "long",
        CacheRetention.Unspecified => "default",
        _ => Unknown((int)retention),
    };

    /// <summary>Such as <c>served</c>.</summary>
    public static string Of(AttemptOutcome outcome) => outcome switch
    {
        AttemptOutcome.Served => "served",
        AttemptOutcome.Skipped => "skipped",
        AttemptOutcome.Failed => "failed",
        AttemptOutcome.Interrupted => "interrupted",
        AttemptOutcome.Cancelled => "cancelled",
        AttemptOutcome.Planned => "planned",
        _ => Unknown((int)outcome),
    };

    /// <summary>Such as <c>rate_limited</c>; empty if there is no failure.</summary>
    public static string Of(FailureKind failure) => failure switch
    {
        FailureKind.Unspecified => "",
        FailureKind.RateLimited => "rate_limited",
        FailureKind.PlanExhausted => "plan_exhausted",
        FailureKind.Overloaded => "overloaded",
        FailureKind.ServerError => "server_error",
        FailureKind.TimedOut => "timed_out",
        FailureKind.Billing => "billing",
        FailureKind.CredentialRejected => "credential_rejected",
        FailureKind.RequestRejected => "request_rejected",
        FailureKind.Interrupted => "interrupted",
        FailureKind.Cancelled => "cancelled",
        FailureKind.AccountRefused => "account_refused",
        FailureKind.NotPermitted => "not_permitted",
        FailureKind.ModelNotFound => "model_not_found",
        FailureKind.RequestTooCostly => "request_too_costly",
        _ => Unknown((int)failure),
    };

    /// <summary>Such as <c>complete</c>.</summary>
    public static string Of(Scope scope) => scope switch
    {
        Scope.Complete => "complete",
        Scope.Status => "status",
        Scope.Onboard => "onboard",
        Scope.Admin => "admin",
        _ => Unknown((int)scope),
    };

    /// <summary>Such as <c>day</c>.</summary>
    public static string Of(BudgetPeriod period) => period switch
    {
        BudgetPeriod.Unspecified or BudgetPeriod.Day => "day",
        BudgetPeriod.Month => "month",
        _ => Unknown((int)period),
    };

    /// <summary>Such as <c>12 in, 34 out, 0 written to the cache, 200 read from it</c>.</summary>
    public static string Of(Usage usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{usage.InputTokens} in, {usage.OutputTokens} out, "
        + $"{usage.CacheCreationInputTokens} written to the cache, {usage.CacheReadInputTokens} read from it");

    /// <summary>What the cache saved, or what filling it cost.</summary>
    public static string SavedByCache(Cost cost) => cost.CacheSavedNanoUsd >= 0
        ? $"{Dollars(cost.CacheSavedNanoUsd)} saved by the cache"
        : $"{Dollars(-cost.CacheSavedNanoUsd)} of it for filling the cache";

    /// <summary>Such as <c>$0.001838</c>, from billionths of a dollar; with two to six decimals.</summary>
    public static string Dollars(long nanoUsd) => string.Create(CultureInfo.InvariantCulture, $"${Usd(nanoUsd):0.00####}");

    /// <summary>Dollars from billionths of a dollar, exact.</summary>
    public static decimal Usd(long nanoUsd) => nanoUsd / 1_000_000_000m;

    /// <summary>Such as <c>2026-02-08T12:00:00.000Z</c>.</summary>
    public static string Instant(Timestamp time) =>
        time.ToDateTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Milliseconds since 1970, as in OpenClaw's files and outputs.</summary>
    public static long Milliseconds(Timestamp time) => time.ToDateTimeOffset().ToUnixTimeMilliseconds();

    /// <summary>Whole milliseconds, rounded down.</summary>
    public static long Milliseconds(Duration duration) => (long)duration.ToTimeSpan().TotalMilliseconds;

    // The server may be newer than this program.
    private static string Unknown(int number) => $"unknown({number})";
}
