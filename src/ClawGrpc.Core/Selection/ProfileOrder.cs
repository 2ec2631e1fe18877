using System.Collections.Immutable;
using ClawGrpc.Core.Profiles;

namespace ClawGrpc.Core.Selection;

/// <summary>A profile in the order in which it is tried.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="SetAside">Why it is not tried now; null: it is.</param>
public sealed record Candidate(Profile Profile, SetAside? SetAside);

/// <summary>A profile that cannot serve, and why.</summary>
/// <param name="Id">The profile.</param>
/// <param name="Why">Never <see cref="Eligibility.Ok"/>.</param>
public sealed record Ineligible(string Id, Eligibility Why);

/// <summary>The profiles for a model, in order (openclaw-spec.md, section 4.1).</summary>
/// <param name="Candidates">Those that can serve: the ones to try first, then the ones set aside, the soonest to come back first.</param>
/// <param name="Ineligible">Those of the base list that cannot.</param>
public sealed record ProfileOrder(ImmutableArray<Candidate> Candidates, ImmutableArray<Ineligible> Ineligible)
{
    /// <summary>Computes the order.</summary>
    /// <param name="store">The agent's profiles.</param>
    /// <param name="auth">The configuration.</param>
    /// <param name="provider">Normalized.</param>
    /// <param name="model">As <c>provider/model</c>: cooldowns are of routes.</param>
    /// <param name="preferred">Moved to the front if it can serve now; null: none.</param>
    /// <param name="now">The time.</param>
    public static ProfileOrder Of(
        ProfileStore store, AuthSettings auth, string provider, string model, string? preferred, DateTimeOffset now)
    {
        var (ids, isExplicit) = BaseList(store, auth, provider);
        var verdicts = ids.Distinct().Select(id => (id, why: Eligible.Of(store, auth, provider, id, now))).ToList();
        var candidates = verdicts.Where(verdict => verdict.why == Eligibility.Ok)
            .Select(verdict => new Candidate(store.Find(verdict.id)!, Profiles.SetAside.Of(store.HealthOf(verdict.id), model, now)))
            .ToList();
        var usable = candidates.Where(candidate => candidate.SetAside is null);
        if (!isExplicit)
        {
            usable = usable.OrderBy(candidate => RankOf(candidate.Profile.Credential))
                .ThenBy(candidate => store.HealthOf(candidate.Profile.Id).LastUsed ?? DateTimeOffset.MinValue);
        }

        var ordered = usable.OrderBy(candidate => candidate.Profile.Id == preferred ? 0 : 1)
            .Concat(candidates.Where(candidate => candidate.SetAside is not null).OrderBy(candidate => candidate.SetAside!.Until));
        return new ProfileOrder(
            [.. ordered], [.. verdicts.Where(verdict => verdict.why != Eligibility.Ok).Select(verdict => new Ineligible(verdict.id, verdict.why))]);
    }

    // The four sources are alternatives, never merged: a stored order, a configured one (even empty), the declared profiles,
    // all stored profiles. Only the first two are explicit.
    private static (IEnumerable<string> Ids, bool IsExplicit) BaseList(ProfileStore store, AuthSettings auth, string provider)
    {
        if (OrderOf(store.Order, provider) is { IsEmpty: false } stored)
            return (stored, true);
        if (OrderOf(auth.Order, provider) is { } configured)
            return (configured, true);
        var declared = auth.Profiles.Where(profile => Provider.Normalize(profile.Provider) == provider).Select(profile => profile.Id).ToList();
        if (declared.Count > 0)
            return (declared, false);
        return (store.Profiles.Where(profile => Provider.Normalize(profile.Credential.Provider) == provider).Select(profile => profile.Id), false);
    }

    private static ImmutableArray<string>? OrderOf(ImmutableDictionary<string, ImmutableArray<string>> orders, string provider)
    {
        if (orders.TryGetValue(provider, out var exact))
            return exact;
        foreach (var (name, order) in orders.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (Provider.Normalize(name) == provider)
                return order;
        }

        return null;
    }

    private static int RankOf(Credential credential) => credential switch
    {
        OAuthCredential => 0,
        TokenCredential => 1,
        _ => 2,
    };
}
