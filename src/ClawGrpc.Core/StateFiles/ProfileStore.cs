using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>A named credential of an agent.</summary>
/// <param name="Id">Such as <c>anthropic:default</c>.</param>
internal sealed record Profile(string Id, Credential Credential)
{
    /// <summary>
    /// The upstream that it belongs to, such as <c>https://api.anthropic.com</c>; null if that is not known. Kept beside the
    /// file.
    /// </summary>
    public string? Origin { get; init; }
}

/// <summary>The content of <c>auth-profiles.json</c> of one agent (openclaw-spec.md, section 1.3).</summary>
internal sealed record ProfileStore
{
    /// <summary>More profiles of one agent are not onboarded. A file of another program may have more.</summary>
    public const int MostProfiles = 1000;

    /// <summary>No profile, no order, no health.</summary>
    public static readonly ProfileStore Empty = new();

    /// <summary>The profiles in the order of the file, which is the order of selection when nothing else decides.</summary>
    public ImmutableArray<Profile> Profiles { get; init; } = [];

    /// <summary>Provider to profile ids, first tried first; a stored order is never empty.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Order { get; init; } =
        ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Provider to the profile that last served it. Written for other programs; selection does not read it.</summary>
    public ImmutableDictionary<string, string> LastGood { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>How each secret is stored, in the order of the file.</summary>
    public ImmutableArray<SecretState> Secrets { get; init; } = [];

    /// <summary>Profile id to health (<c>usageStats</c>); an id need not be stored any more.</summary>
    public ImmutableDictionary<string, ProfileHealth> Health { get; init; } = ImmutableDictionary<string, ProfileHealth>.Empty;

    /// <summary>The profile of this id; null if there is none.</summary>
    /// <param name="id">Compared exactly.</param>
    public Profile? Find(string id)
    {
        foreach (var profile in Profiles)
        {
            if (profile.Id == id)
                return profile;
        }

        return null;
    }

    /// <summary>The health of a profile; one that never failed and never served when nothing is known.</summary>
    /// <param name="id">Compared exactly.</param>
    public ProfileHealth HealthOf(string id) => Health.GetValueOrDefault(id, ProfileHealth.Unknown);

    /// <summary>
    /// What an agent sees that has the main agent's API keys besides its own profiles (<c>auth.inheritFromMain</c>;
    /// openclaw-spec.md, sections 0 and 1.3). Subscriptions are their owner's and are left out; of two profiles of one id the
    /// agent's own counts. A key's health is its owner's. Main's order of a provider holds unless the agent has one, with
    /// those of its profiles that the agent sees.
    /// </summary>
    public ProfileStore Over(ProfileStore main)
    {
        var shared = main.Profiles.Where(profile => profile.Credential is ApiKeyCredential && Find(profile.Id) is null).ToList();
        ImmutableArray<Profile> seen = [.. shared, .. Profiles];
        var own = Order.Keys.Select(Provider.Normalize).ToHashSet();
        var orders = main.Order.Where(order => !own.Contains(Provider.Normalize(order.Key)))
            .Select(order => KeyValuePair.Create<string, ImmutableArray<string>>(
                order.Key, [.. order.Value.Where(id => seen.Any(profile => profile.Id == id))]));
        return this with
        {
            Profiles = seen,
            Order = Order.AddRange(orders.Where(order => !order.Value.IsEmpty)),
            Health = shared.Aggregate(Health, (all, profile) => main.Health.TryGetValue(profile.Id, out var health)
                ? all.SetItem(profile.Id, health)
                : all.Remove(profile.Id)),
        };
    }
}
