using System.Globalization;
using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;

namespace ClawGrpc.Gateway.Completions;

/// <summary>The refusals of calls that no route could serve: the last columns of the failure table, with the facts.</summary>
internal static class CallRefusals
{
    // If routes failed in different ways, the caller hears of the one that is soonest worth a repeat.
    private static readonly FailureKind[] SoonestFirst =
    [
        FailureKind.RequestRejected, FailureKind.Overloaded, FailureKind.ServerError, FailureKind.TimedOut,
        FailureKind.RateLimited, FailureKind.PlanExhausted, FailureKind.RequestTooCostly, FailureKind.Billing,
        FailureKind.NotPermitted, FailureKind.ModelNotFound, FailureKind.AccountRefused, FailureKind.CredentialRejected,
    ];

    /// <summary>The refusal of a call that no route served.</summary>
    public static Refusal Of(
        Agent agent,
        RouteQuestion question,
        HealthRules rules,
        Routes routes,
        RouteFailures failures,
        ReceiptLog log,
        DateTimeOffset now)
    {
        var receipt = log.Ended("", now);
        var ofModels = RouteProblem.OfModels(failures.All, question.Models.Length);
        if (routes.Problem != NoRoute.None)
            return OfNoRoute(routes, question, agent, ofModels, now, receipt);
        if (failures.Count == 0)
            return OfLogins(failures.Logins, ofModels, now, receipt);
        var soonest = SoonestOf(agent.Profiles.Effective, rules, routes, failures.Upstream, now);
        return OfUpstream(failures.Upstream, ofModels, soonest, now, receipt);
    }

    /// <summary>The refusal of a stream that broke after its first content. It is never replayed.</summary>
    public static Refusal Interrupted(string? errorType, string why, Receipt receipt) =>
        OfEnd(new UpstreamFailure(FailureKind.Interrupted, why), $"The answer was interrupted: {why}", receipt)
            .With("profile_id", receipt.ProfileId)
            .With("request_id", receipt.RequestId)
            .With("error_type", errorType)
            .With("output_tokens", receipt.Usage is { } usage ? $"{usage.OutputTokens}" : null);

    /// <summary>The refusal of an answer that is longer than one that is collected may be.</summary>
    public static Refusal TooLarge(int most, Receipt receipt) =>
        new Refusal(RefusalReason.AnswerTooLarge, RefusalCode.ResourceExhausted,
            $"The answer is longer than {most / (1024 * 1024)} MB (clawgrpc.limits.answerMegabytes). Ask for less, or stream it.")
        {
            HttpStatus = 502,
            Receipt = receipt,
        }
            .With("profile_id", receipt.ProfileId)
            .With("request_id", receipt.RequestId)
            .With("output_tokens", receipt.Usage is { } usage ? $"{usage.OutputTokens}" : null);

    private static Refusal OfUpstream(
        IReadOnlyList<(string ProfileId, UpstreamFailure Failure)> failures,
        string? ofModels,
        DateTimeOffset soonest,
        DateTimeOffset now,
        Receipt receipt)
    {
        var (profileId, failure) = failures.MinBy(each => Array.IndexOf(SoonestFirst, each.Failure.Kind));
        var refusal = OfEnd(failure, MessageOf(failure, profileId, ofModels), receipt);
        var repeats = failure.Row.Clock != Clock.None && refusal.Code == RefusalCode.ResourceExhausted;
        TimeSpan? shortly = refusal.Code == RefusalCode.Unavailable ? TimeSpan.FromSeconds(1) : null;
        return (refusal with { RetryAfter = repeats ? soonest - now : shortly })
            .With("profile_id", profileId)
            .With("http_status", failure.Status > 0 ? $"{failure.Status}" : null)
            .With("error_type", failure.ErrorType)
            .With("error_code", failure.ErrorCode)
            .With("request_id", failure.RequestId)
            .With("claim", failure.Claim)
            .With("reset", failure.Kind == FailureKind.PlanExhausted ? TextOf(failure.Until) : null)
            .With("phase", failure.Kind == FailureKind.TimedOut ? "first_event" : null)
            .With("attempts", $"{failures.Count}")
            .With("soonest", repeats ? TextOf(soonest) : null);
    }

    private static Refusal OfEnd(UpstreamFailure failure, string message, Receipt receipt)
    {
        var end = failure.End;
        return new Refusal(end.Reason, end.Code, message)
        {
            Failure = failure.Kind,
            HttpStatus = end.HttpStatus,
            UpstreamBody = failure.Kind == FailureKind.RequestRejected ? failure.Body : default,
            Receipt = receipt,
        };
    }

    // There were routes, and none had a credential that is still valid.
    private static Refusal OfLogins(
        IReadOnlyList<(string ProfileId, LoginProblem Problem)> problems, string? ofModels, DateTimeOffset now, Receipt receipt)
    {
        var (profileId, problem) = problems.MinBy(each => each.Problem.RetryAt ?? DateTimeOffset.MaxValue);
        var code = problem.RetryAt is null ? RefusalCode.FailedPrecondition : RefusalCode.Unavailable;
        return new Refusal(RefusalReason.OauthRefreshFailed, code, ofModels ?? problem.Message)
        {
            RetryAfter = problem.RetryAt - now,
            Receipt = receipt,
        }.With("profile_id", profileId);
    }

    // A key that belongs to no profile has no cooldown: then what upstream said counts, or the first step of the ladder.
    private static DateTimeOffset SoonestOf(
        ProfileStore store,
        HealthRules rules,
        Routes routes,
        IReadOnlyList<(string ProfileId, UpstreamFailure Failure)> failures,
        DateTimeOffset now)
    {
        var aside = routes.All
            .Select(route => route with { SetAside = SetAside.Of(store.HealthOf(route.ProfileId), route.ModelRef, now) });
        return Routes.SoonestOf(aside) ?? failures.Min(each => each.Failure.Until) ?? now + rules.Step(1);
    }

    private static Refusal OfNoRoute(
        Routes routes, RouteQuestion question, Agent agent, string? ofModels, DateTimeOffset now, Receipt receipt)
    {
        var agentId = agent.Id;
        var strict = question.StrictProfile ?? "";
        return routes.Problem switch
        {
            NoRoute.MissingCredentials => new Refusal(RefusalReason.MissingCredentials, RefusalCode.FailedPrecondition,
                $"No API key found for provider \"anthropic\". Auth store: {agent.StorePath} (agentDir: {agent.Directory}). "
                + $"Onboard one for this agent (claw onboard --agent {agentId}).{Ineligibles(routes)}{LeftOut(routes, agent)}")
            { Receipt = receipt }
                .With("agent_id", agentId).With("provider", Provider.Anthropic),
            NoRoute.ProfileMissing => Refusal.ProfileNotFound(agentId, strict, agent.Directory),
            NoRoute.ProfileOfOtherProvider =>
                Refusal.ProviderMismatch(
                    strict, agent.Profiles.Effective.Find(strict)?.Credential.Provider ?? "another provider", Provider.Anthropic),
            NoRoute.ProfileUnusable when routes.Ineligible[0].Why == Eligibility.SubscriptionsDisabled =>
                Refusal.SubscriptionsDisabled(strict),
            NoRoute.ProfileUnusable => new Refusal(RefusalReason.ProfileUnusable, RefusalCode.FailedPrecondition,
                $"No credentials found for profile \"{strict}\" ({routes.Ineligible[0].Words}).")
                .With("profile_id", strict).With("why", routes.Ineligible[0].Words),
            NoRoute.AllSetAside => new Refusal(RefusalReason.AllProfilesUnavailable,
                routes.Soonest is null ? RefusalCode.FailedPrecondition : RefusalCode.ResourceExhausted,
                Sentence.Of(ofModels ?? RouteProblem.NoneAvailable) + (routes.Soonest is { } soonest
                    ? $" The first comes back at {TextOf(soonest)}."
                    : " Onboard a new credential, or reset a profile."))
            {
                RetryAfter = routes.Soonest - now,
                Receipt = receipt,
            }.With("agent_id", agentId).With("soonest", TextOf(routes.Soonest)),
            _ => throw new InvalidOperationException($"There is a route: {routes.Problem}."),
        };
    }

    // A failure that ends the call at once is the caller's to mend, whatever failed before.
    private static string MessageOf(UpstreamFailure failure, string profileId, string? ofModels)
    {
        var all = failure.Row.TriesNext ? ofModels : null;
        var owner = profileId.Length > 0 ? $"profile \"{profileId}\"" : "the environment or the configuration";
        return failure.Kind switch
        {
            FailureKind.CredentialRejected =>
                $"{Sentence.Of(all ?? $"Anthropic refused the credential of {owner}: {failure.Message}")} "
                + "Onboard a new one (claw onboard) or paste a token (claw models auth paste-token --provider anthropic).",
            FailureKind.AccountRefused when all is null => $"Anthropic refused the account of {owner}: {failure.Message}",
            FailureKind.Billing when all is null =>
                $"Anthropic reports a billing problem for {owner}: {failure.Message}",
            _ => all ?? failure.Message,
        };
    }

    private static string Ineligibles(Routes routes) => routes.Ineligible.IsEmpty ? ""
        : $" Not usable: {string.Join(", ", routes.Ineligible.Select(each => $"{each.Id} ({each.Words})"))}.";

    // A profile that is declared, or an order, shuts out all that are not (openclaw-spec.md, section 4.1): people do not know.
    private static string LeftOut(Routes routes, Agent agent)
    {
        var left = agent.Profiles.Effective.Profiles
            .Where(profile => Provider.Normalize(profile.Credential.Provider) == Provider.Anthropic)
            .Select(profile => profile.Id).Except(routes.Ineligible.Select(each => each.Id)).ToList();
        return left.Count == 0 ? "" : $" Stored, and not in the order or in auth.profiles: {string.Join(", ", left)}.";
    }

    private static string? TextOf(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
