using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>One change of a profile store. The list is closed.</summary>
internal abstract record StoreChange
{
    private protected StoreChange()
    {
    }
}

/// <summary>
/// Stores a credential under an id, new or not. Members of the file that are no part of a credential stay when its type does.
/// Resets the profile's timers and counters, but keeps when it last served.
/// </summary>
internal sealed record PutProfile(string Id, Credential Credential) : StoreChange
{
    /// <summary>The upstream that it belongs to, which its sealed secret is bound to; null if that is as before.</summary>
    public string? Origin { get; init; }
}

/// <summary>
/// Stores the new tokens of a login that was refreshed. The account is the same, so its health and all other members stay.
/// </summary>
internal sealed record PutRefreshed(string Id, OAuthCredential Credential) : StoreChange
{
    /// <inheritdoc cref="PutProfile.Origin"/>
    public string? Origin { get; init; }
}

/// <summary>Changes how all secrets are stored. Those that do not open stay as they are.</summary>
/// <param name="Goal">How.</param>
/// <param name="Origins">The upstreams of profiles whose secrets are plain text, by profile.</param>
internal sealed record SealSecrets(SealGoal Goal, ImmutableDictionary<string, string> Origins) : StoreChange;

/// <summary>Seals the sealed secrets of profiles again for another upstream.</summary>
/// <param name="Ids">The profiles.</param>
/// <param name="Origin">The upstream.</param>
internal sealed record BindSeals(ImmutableArray<string> Ids, string Origin) : StoreChange;

/// <summary>Removes a profile and its health, also from orders and the last good ones; does nothing if there is none.</summary>
internal sealed record RemoveProfile(string Id) : StoreChange;

/// <summary>
/// Stores the order of a provider's profiles. Blank and repeated ids are left out; without any, the order is cleared.
/// </summary>
/// <param name="Provider">The provider; a stored one that is written differently is replaced.</param>
/// <param name="Ids">First tried first.</param>
internal sealed record SetOrder(string Provider, ImmutableArray<string> Ids) : StoreChange;

/// <summary>Removes the stored order of a provider; does nothing if there is none.</summary>
/// <param name="Provider">The provider, however it is written.</param>
internal sealed record ClearOrder(string Provider) : StoreChange;

/// <summary>Stores the health of a profile, which need not be stored itself.</summary>
/// <param name="Health">
/// In whole milliseconds, which is what the file holds: ends of timers are rounded up, other times down.
/// </param>
internal sealed record SetHealth(string Id, ProfileHealth Health) : StoreChange;

/// <summary>Stores which profile last served a provider.</summary>
/// <param name="Provider">The provider, as the credential has it.</param>
internal sealed record SetLastGood(string Provider, string Id) : StoreChange;

/// <summary>Stores the profiles of <see cref="LegacyProfiles"/> that are not there yet.</summary>
internal sealed record ImportProfiles : StoreChange
{
    internal ImportProfiles(JsonObject profiles) => Profiles = profiles;

    internal JsonObject Profiles { get; }

    /// <summary>What it is; never the profiles, which are secrets.</summary>
    public override string ToString() => nameof(ImportProfiles);
}
