using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Agent = ClawGrpc.Gateway.Agents.Agent;
using FailureKind = ClawGrpc.Core.Routing.FailureKind;

namespace ClawGrpc.Gateway.Completions;

/// <summary>The status of a completion that no route could serve: the last column of the failure table.</summary>
internal static class FailureStatus
{
    // When several routes failed in different ways, the one that is soonest worth a repeat is told.
    private static readonly FailureKind[] SoonestFirst =
    [
        FailureKind.RequestRejected, FailureKind.Overloaded, FailureKind.ServerError, FailureKind.TimedOut, FailureKind.RateLimited,
        FailureKind.PlanExhausted, FailureKind.Billing, FailureKind.CredentialRejected,
    ];

    /// <summary>The refusal for the failures of all attempts.</summary>
    /// <param name="failures">At least one, with the profile it came from.</param>
    /// <param name="soonest">When a repeat may succeed, if a failure is one that time mends.</param>
    /// <param name="now">The time.</param>
    /// <param name="receipt">What was done.</param>
    public static Refusal Of(
        IReadOnlyList<(string ProfileId, UpstreamFailure Failure)> failures, DateTimeOffset soonest, DateTimeOffset now, Receipt receipt)
    {
        var (profileId, failure) = failures.MinBy(each => Array.IndexOf(SoonestFirst, each.Failure.Kind));
        var (reason, code) = CodeOf(failure);
        var repeats = code is RefusalCode.ResourceExhausted;
        var error = new Refusal(reason, code, MessageOf(failure, profileId))
        {
            RetryAfter = repeats ? soonest - now : code == RefusalCode.Unavailable ? TimeSpan.FromSeconds(1) : null,
            Receipt = receipt,
        };
        return error.With("profile_id", profileId)
            .With("http_status", failure.Status > 0 ? $"{failure.Status}" : null)
            .With("error_type", failure.ErrorType)
            .With("error_code", failure.ErrorCode)
            .With("request_id", failure.RequestId)
            .With("claim", failure.Claim)
            .With("reset", failure.Kind == FailureKind.PlanExhausted && failure.Until is { } reset ? Timestamps.Text(reset) : null)
            .With("phase", failure.Kind == FailureKind.TimedOut ? "first_event" : null)
            .With("attempts", $"{failures.Count}")
            .With("soonest", repeats ? Timestamps.Text(soonest) : null);
    }

    /// <summary>There were routes, and none had a credential that is still valid.</summary>
    /// <param name="problems">At least one, with the profile it came from.</param>
    /// <param name="now">The time.</param>
    /// <param name="receipt">What was done.</param>
    public static Refusal Of(IReadOnlyList<(string ProfileId, LoginProblem Problem)> problems, DateTimeOffset now, Receipt receipt)
    {
        // The one that is soonest worth a repeat, as for failures.
        var (profileId, problem) = problems.MinBy(each => each.Problem.RetryAt ?? DateTimeOffset.MaxValue);
        return new Refusal(
            RefusalReason.OauthRefreshFailed, problem.RetryAt is null ? RefusalCode.FailedPrecondition : RefusalCode.Unavailable, problem.Message)
        {
            RetryAfter = problem.RetryAt - now,
            Receipt = receipt,
        }.With("profile_id", profileId);
    }

    /// <summary>The stream broke after its first event: told, and never replayed.</summary>
    public static Refusal Interrupted(string? errorType, string why, Receipt receipt) =>
        new Refusal(RefusalReason.Interrupted, RefusalCode.Aborted, $"The answer was interrupted: {why}") { Receipt = receipt }
            .With("profile_id", receipt.ProfileId)
            .With("request_id", receipt.RequestId)
            .With("error_type", errorType)
            .With("output_tokens", receipt.Usage is { } usage ? $"{usage.OutputTokens}" : null);

    /// <summary>Nothing was tried.</summary>
    public static Refusal Of(Routes routes, RouteQuestion question, Agent agent, DateTimeOffset now, Receipt receipt)
    {
        var agentId = agent.Id;
        var strict = question.StrictProfile ?? "";
        return routes.Problem switch
        {
            NoRoute.MissingCredentials => new Refusal(RefusalReason.MissingCredentials, RefusalCode.FailedPrecondition,
                $"No API key found for provider \"anthropic\". Auth store: {agent.StorePath} (agentDir: {agent.Directory}). "
                + $"Onboard one for this agent (claw onboard --agent {agentId}).{Ineligibles(routes)}")
            { Receipt = receipt }
                .With("agent_id", agentId).With("provider", Provider.Anthropic),
            NoRoute.ProfileMissing => Refusal.ProfileNotFound(agentId, strict, agent.Directory),
            NoRoute.ProfileOfOtherProvider =>
                Refusal.ProviderMismatch(strict, agent.StoreOrEmpty.Find(strict)?.Credential.Provider ?? "another provider", Provider.Anthropic),
            NoRoute.ProfileUnusable when routes.Ineligible[0].Why == Eligibility.SubscriptionsDisabled => Refusal.SubscriptionsDisabled(strict),
            NoRoute.ProfileUnusable => new Refusal(RefusalReason.ProfileUnusable, RefusalCode.FailedPrecondition,
                $"No credentials found for profile \"{strict}\" ({Words(routes.Ineligible[0].Why)}).")
                .With("profile_id", strict).With("why", Words(routes.Ineligible[0].Why)),
            NoRoute.AllSetAside => new Refusal(RefusalReason.AllProfilesUnavailable,
                routes.Soonest is null ? RefusalCode.FailedPrecondition : RefusalCode.ResourceExhausted,
                "No available auth profile for anthropic (all in cooldown or unavailable)."
                + (routes.Soonest is { } soonest ? $" The first comes back at {Timestamps.Text(soonest)}." : " Onboard a new credential, or reset a profile."))
            {
                RetryAfter = routes.Soonest - now,
                Receipt = receipt,
            }.With("agent_id", agentId).With("soonest", routes.Soonest is { } time ? Timestamps.Text(time) : null),
            _ => throw new InvalidOperationException($"There is a route: {routes.Problem}."),
        };
    }

    private static (RefusalReason Reason, RefusalCode Code) CodeOf(UpstreamFailure failure) => failure.Kind switch
    {
        FailureKind.RateLimited => (RefusalReason.RateLimited, RefusalCode.ResourceExhausted),
        FailureKind.PlanExhausted => (RefusalReason.PlanExhausted, RefusalCode.ResourceExhausted),
        FailureKind.Overloaded => (RefusalReason.Overloaded, RefusalCode.Unavailable),
        FailureKind.ServerError => (RefusalReason.ServerError, failure.Status == 504 ? RefusalCode.DeadlineExceeded : RefusalCode.Unavailable),
        FailureKind.TimedOut => (RefusalReason.TimedOut, RefusalCode.Unavailable),
        FailureKind.Billing => (RefusalReason.Billing, RefusalCode.ResourceExhausted),
        FailureKind.CredentialRejected => (RefusalReason.CredentialRejected, RefusalCode.FailedPrecondition),
        FailureKind.RequestRejected => (RefusalReason.RequestRejected, failure.Status switch
        {
            404 => RefusalCode.NotFound,
            403 => RefusalCode.PermissionDenied,
            _ => RefusalCode.InvalidArgument,
        }),
        _ => throw new InvalidOperationException($"{failure.Kind} ends a call in another way."),
    };

    private static string MessageOf(UpstreamFailure failure, string profileId) => failure.Kind switch
    {
        FailureKind.CredentialRejected => $"Anthropic refused the credential of profile \"{profileId}\": {failure.Message} "
            + "Onboard a new one (claw onboard) or paste a token (claw models auth paste-token).",
        FailureKind.Billing => $"Anthropic reports a billing problem for profile \"{profileId}\": {failure.Message}",
        _ => failure.Message,
    };

    private static string Ineligibles(Routes routes) => routes.Ineligible.IsEmpty ? ""
        : $" Not usable: {string.Join(", ", routes.Ineligible.Select(each => $"{each.Id} ({Words(each.Why)})"))}.";

    private static string Words(Eligibility why) => why switch
    {
        Eligibility.ProfileMissing => "not stored",
        Eligibility.ProviderMismatch => "of another provider",
        Eligibility.ModeMismatch => "auth.profiles declares another mode",
        Eligibility.MissingCredential => "no credential",
        Eligibility.Expired => "expired",
        Eligibility.SubscriptionsDisabled => "subscriptions are switched off",
        _ => "usable",
    };
}
