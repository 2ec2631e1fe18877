using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>A profile in the order in which it is tried.</summary>
/// <param name="SetAside">Why it is not tried now; null if it is.</param>
internal sealed record Candidate(Profile Profile, SetAside? SetAside);

/// <summary>A profile, or a key that belongs to none, that cannot serve, and why.</summary>
/// <param name="Id">The profile; the source of a key that belongs to none.</param>
/// <param name="Why">Never <see cref="Eligibility.Ok"/>.</param>
/// <param name="Words">The same for people.</param>
internal sealed record Ineligible(string Id, Eligibility Why, string Words);

/// <summary>The profiles for a model, in order (openclaw-spec.md, section 4.1).</summary>
/// <param name="Candidates">
/// Those that can serve: the ones to try first, then the ones set aside, the soonest to come back first.
/// </param>
/// <param name="Ineligible">Those of the base list that cannot.</param>
internal sealed record ProfileOrder(ImmutableArray<Candidate> Candidates, ImmutableArray<Ineligible> Ineligible)
{
    /// <summary>Computes the order.</summary>
    /// <param name="provider">Normalized.</param>
    /// <param name="model">As <c>provider/model</c>: cooldowns are of routes.</param>
    /// <param name="preferred">Moved to the front if it can serve now; null if there is none.</param>
    public static ProfileOrder Of(
        ProfileStore store, AuthSettings auth, string provider, string model, string? preferred, DateTimeOffset now)
    {
        var (ids, isExplicit) = BaseList(store, auth, provider);
        var usable = new List<Candidate>(ids.Count);
        List<Candidate> aside = [];
        List<Ineligible> ineligible = [];
        foreach (var id in ids.Count > 1 ? ids.Distinct() : ids)
        {
            var why = Eligible.Of(store, auth, provider, id, now);
            if (why != Eligibility.Ok)
                ineligible.Add(new Ineligible(id, why, Eligible.Words(store, auth, id, why)));
            else if (StateFiles.SetAside.Of(store.HealthOf(id), model, now) is { } setAside)
                aside.Add(new Candidate(store.Find(id)!, setAside));
            else
                usable.Add(new Candidate(store.Find(id)!, null));
        }

        return new ProfileOrder(
            [
                .. Ordered(usable, store, isExplicit ? null : auth.Rank, preferred),
                .. aside.OrderBy(candidate => candidate.SetAside!.Until),
            ],
            [.. ineligible]);
    }

    /// <summary>The explicit order of a provider's profiles: the stored one, else the configured one; null if there is
    /// none.</summary>
    /// <param name="provider">Normalized.</param>
    public static ImmutableArray<string>? ExplicitOf(ProfileStore store, AuthSettings auth, string provider) =>
        OrderOf(store.Order, provider) is { IsEmpty: false } stored ? stored : OrderOf(auth.Order, provider);

    private static IEnumerable<Candidate> Ordered(
        List<Candidate> usable, ProfileStore store, CredentialRank? rank, string? preferred)
    {
        if (usable.Count < 2)
            return usable;
        IEnumerable<Candidate> ordered = rank is null ? usable : usable
            .OrderBy(candidate => rank.Of(candidate.Profile.Credential))
            .ThenBy(candidate => store.HealthOf(candidate.Profile.Id).LastUsed ?? DateTimeOffset.MinValue);
        return preferred is null ? ordered : ordered.OrderBy(candidate => candidate.Profile.Id == preferred ? 0 : 1);
    }

    // The four sources are alternatives, never merged: a stored order, a configured one (even empty), the declared profiles,
    // all stored profiles. Only the first two are explicit.
    private static (IReadOnlyCollection<string> Ids, bool IsExplicit) BaseList(
        ProfileStore store, AuthSettings auth, string provider)
    {
        if (ExplicitOf(store, auth, provider) is { } given)
            return (given, true);
        var ids = new List<string>(1);
        foreach (var declared in auth.Profiles)
        {
            if (Provider.Normalize(declared.Provider) == provider)
                ids.Add(declared.Id);
        }

        if (ids.Count > 0)
            return (ids, false);
        foreach (var profile in store.Profiles)
        {
            if (Provider.Normalize(profile.Credential.Provider) == provider)
                ids.Add(profile.Id);
        }

        return (ids, false);
    }

    private static ImmutableArray<string>? OrderOf(ImmutableDictionary<string, ImmutableArray<string>> orders, string provider)
    {
        if (orders.TryGetValue(provider, out var exact))
            return exact;
        return orders.IsEmpty ? null : orders.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Where(pair => Provider.Normalize(pair.Key) == provider).Select(pair => (ImmutableArray<string>?)pair.Value)
            .FirstOrDefault();
    }
}
