using System.Collections.Immutable;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>What happened upstream and is not in the file yet, in order. Immutable.</summary>
/// <param name="Changes">Profile and change.</param>
internal sealed record PendingHealth(ImmutableList<(string ProfileId, HealthChange Change)> Changes)
{
    public static readonly PendingHealth None = new(ImmutableList<(string, HealthChange)>.Empty);

    public bool IsEmpty => Changes.IsEmpty;

    /// <summary>
    /// With one more. A success right behind another of the same route replaces it, so that a busy second is one entry and not
    /// thousands.
    /// </summary>
    public PendingHealth With(string profileId, HealthChange change)
    {
        if (Changes.Count > 0 && change is Served served
            && Changes[^1] is (var lastId, Served last) && lastId == profileId && last.Model == change.Model)
        {
            // The one that began later undoes all that the other one does.
            var both = last.Began > served.Began ? served with { Began = last.Began } : served;
            return new PendingHealth(Changes.SetItem(Changes.Count - 1, (profileId, both)));
        }

        return new PendingHealth(Changes.Add((profileId, change)));
    }

    /// <summary>These first, then the others.</summary>
    public PendingHealth Then(PendingHealth later) => new(Changes.AddRange(later.Changes));

    /// <summary>The store as it is with all of it.</summary>
    public ProfileStore ApplyTo(ProfileStore store, HealthRules rules)
    {
        foreach (var (id, change) in Changes)
            store = Apply(id, change, store, rules);
        return store;
    }

    /// <summary>The store as it is with one change.</summary>
    public static ProfileStore Apply(string id, HealthChange change, ProfileStore store, HealthRules rules) =>
        store.Find(id) is not { } profile
            ? store
            : store with
            {
                Health = store.Health.SetItem(id, change.Apply(store.HealthOf(id), rules)),
                LastGood = change is Served ? store.LastGood.SetItem(profile.Credential.Provider, id) : store.LastGood,
            };

    /// <summary>The changes of the file that hold all of it, decided on what the file says now.</summary>
    public IEnumerable<StoreChange> ChangesOf(ProfileStore fresh, HealthRules rules)
    {
        var after = ApplyTo(fresh, rules);
        foreach (var id in Changes.Select(change => change.ProfileId).Distinct())
        {
            if (fresh.Find(id) is { } profile)
            {
                yield return new SetHealth(id, after.HealthOf(id));
                var provider = profile.Credential.Provider;
                if (after.LastGood.GetValueOrDefault(provider) == id && fresh.LastGood.GetValueOrDefault(provider) != id)
                    yield return new SetLastGood(provider, id);
            }
        }
    }
}
