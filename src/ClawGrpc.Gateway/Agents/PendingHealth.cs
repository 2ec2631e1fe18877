using System.Collections.Immutable;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// What happened upstream and is not stored yet. Immutable, and bounded however long the store cannot be written: changes of
/// different profiles commute, so that each profile has a list of its own; successes of one profile commute until something else
/// happens to it, so that those of one model are one entry.
/// </summary>
internal sealed record PendingHealth
{
    public static readonly PendingHealth None = new();

    /// <summary>More changes of one profile are not kept: the oldest goes first.</summary>
    public const int MostOfProfile = 1000;

    private ImmutableDictionary<string, Line> Lines { get; init; } =
        ImmutableDictionary.Create<string, Line>(StringComparer.Ordinal);

    // How many successes there were.
    private long Successes { get; init; }

    public bool IsEmpty => Lines.IsEmpty;

    /// <summary>How many changes it holds.</summary>
    public int Count => Lines.Values.Sum(static line => line.Changes.Count);

    /// <summary>With one more.</summary>
    public PendingHealth With(string profileId, HealthChange change)
    {
        var line = Lines.GetValueOrDefault(profileId, Line.Empty);
        if (change is not Served served)
            return this with { Lines = Lines.SetItem(profileId, line.With(change)) };
        var order = Successes + 1;
        return this with { Lines = Lines.SetItem(profileId, line.With(served) with { LastSuccess = order }), Successes = order };
    }

    /// <summary>These first, then the others.</summary>
    public PendingHealth Then(PendingHealth later)
    {
        if (IsEmpty)
            return later;
        var lines = Lines.ToBuilder();
        foreach (var (id, added) in later.Lines)
        {
            var line = added.Changes.Aggregate(
                lines.GetValueOrDefault(id, Line.Empty),
                static (all, change) => change is Served served ? all.With(served) : all.With(change));
            lines[id] = added.LastSuccess > 0 ? line with { LastSuccess = Successes + added.LastSuccess } : line;
        }

        return new PendingHealth { Lines = lines.ToImmutable(), Successes = Successes + later.Successes };
    }

    /// <summary>The store as it is with all of it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="rules">For how long failures set aside.</param>
    /// <param name="now">The time, which some of it may lie long before.</param>
    public ProfileStore ApplyTo(ProfileStore store, HealthRules rules, DateTimeOffset now)
    {
        foreach (var (id, line) in Lines)
        {
            foreach (var change in line.Changes)
                store = Apply(id, change with { Stored = now > change.Now ? now : change.Now }, store, rules);
        }

        // The last success of all decides which profile of a provider was good last.
        var successes = Lines.Where(each => each.Value.LastSuccess > 0).OrderBy(each => each.Value.LastSuccess);
        foreach (var id in successes.Select(each => each.Key))
            store = WithLastGood(id, store);
        return store;
    }

    /// <summary>The store as it is with one change.</summary>
    public static ProfileStore Apply(string id, HealthChange change, ProfileStore store, HealthRules rules)
    {
        if (store.Find(id) is null)
            return store;
        var after = store with { Health = store.Health.SetItem(id, change.Apply(store.HealthOf(id), rules)) };
        return change is Served ? WithLastGood(id, after) : after;
    }

    /// <summary>The changes of the file that hold all of it, decided on what the file says now.</summary>
    /// <inheritdoc cref="ApplyTo"/>
    public IEnumerable<StoreChange> ChangesOf(ProfileStore fresh, HealthRules rules, DateTimeOffset now)
    {
        var after = ApplyTo(fresh, rules, now);
        foreach (var id in Lines.Keys.Order(StringComparer.Ordinal))
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

    private static ProfileStore WithLastGood(string id, ProfileStore store) => store.Find(id) is { } profile
        ? store with { LastGood = store.LastGood.SetItem(profile.Credential.Provider, id) }
        : store;

    /// <summary>What happened to one profile, in order.</summary>
    private sealed record Line
    {
        public static readonly Line Empty = new();

        public ImmutableList<HealthChange> Changes { get; private init; } = ImmutableList<HealthChange>.Empty;

        /// <summary>The number of its last success among those of all profiles; 0 if there was none.</summary>
        public long LastSuccess { get; init; }

        public Line With(HealthChange change) => this with
        {
            Changes = (Changes.Count < MostOfProfile ? Changes : Changes.RemoveAt(0)).Add(change),
        };

        /// <summary>
        /// With a success, which takes the place of one of the same model that nothing but successes came after.
        /// </summary>
        public Line With(Served served)
        {
            for (var at = Changes.Count - 1; at >= 0 && Changes[at] is Served earlier; at--)
            {
                if (earlier.Model != served.Model)
                    continue;

                // The one that began later undoes all that the other one does.
                var both = earlier.Began > served.Began ? served with { Began = earlier.Began } : served;
                return this with { Changes = Changes.RemoveAt(at).Add(both) };
            }

            return With((HealthChange)served);
        }
    }
}
