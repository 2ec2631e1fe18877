using System.Collections.Immutable;
using ClawGrpc.Core.Sealing;

namespace ClawGrpc.Core.StateFiles;

/// <summary>One write of profiles with what it seals, opens and leaves as it is.</summary>
/// <param name="stored">The file as it was stored.</param>
/// <param name="before">The same as it was read.</param>
/// <param name="changes">What changes.</param>
/// <param name="writing">How secrets are written.</param>
internal sealed class SealingWrite(
    JsonObject stored, AuthProfilesFile before, IReadOnlyList<StoreChange> changes, SealWriting writing)
{
    private readonly bool _isOn = writing.IsOn || (writing.IsConfigured && !before.Seals.IsEmpty);
    private readonly SealSecrets? _asked = changes.OfType<SealSecrets>().LastOrDefault();
    private readonly HashSet<string> _puts = [.. changes.Select(IdOfPut).OfType<string>()];
    private readonly Dictionary<string, string> _origins = OriginsOf(changes);
    private readonly ImmutableDictionary<SecretPlace, StoredSeal>.Builder _seals =
        ImmutableDictionary.CreateBuilder<SecretPlace, StoredSeal>();

    private readonly ImmutableDictionary<SecretPlace, long>.Builder _newest =
        ImmutableDictionary.CreateBuilder<SecretPlace, long>();

    /// <exception cref="NoSealingKeyException">A new secret would have to be sealed, and there is no key for it.</exception>
    public SealedWrite Run()
    {
        var after = before.With(changes);
        if (!_isOn && before.Seals.IsEmpty && _asked is null)
            return new SealedWrite(new SealedProfiles(after.Root, after), ImmutableDictionary<SecretPlace, long>.Empty);
        var profiles = after.MapProfiles((id, entry) =>
        {
            foreach (var kind in SecretPlace.Kinds)
                entry = entry.With(kind, entry[kind] is { } value ? StoredOf(new SecretPlace(id, kind), entry, value) : null);
            return entry;
        });

        // What was sealed and is not any more was replaced: nobody may put it back.
        foreach (var (place, seal) in before.Seals)
        {
            if (!_seals.ContainsKey(place) && seal is { Secret: not null, Sealed: { } gone })
                _newest[place] = gone.Generation + 1;
        }

        return new SealedWrite(
            new SealedProfiles(profiles, new AuthProfilesFile(after.Root, _seals.ToImmutable())), _newest.ToImmutable());
    }

    private JsonTree StoredOf(SecretPlace place, JsonObject entry, JsonTree value)
    {
        var seal = before.Seals.GetValueOrDefault(place);
        if (StoredSeal.Is(value))
        {
            // It did not open, and stays as it is.
            if (seal is not null)
                _seals[place] = seal;
            return value;
        }

        if (value is not JsonString { Value: var text } || !IsSealable(place, text))
            return value;
        if (seal?.Secret?.Reveal() == text)
            return Same(place, seal);

        // A profile that is stored again is written anew, whether or not its secret is another one.
        var isSame = seal is null && TextBefore(place) == text && !_puts.Contains(place.ProfileId);
        var isSealed = isSame
            ? _asked?.Goal == SealGoal.Sealed
            : (_isOn || seal?.Secret is not null) && _asked?.Goal != SealGoal.Plain;
        if (!isSealed)
            return value;
        if (KeyFor(seal) is { } key)
            return Seal(place, text, OriginOf(place, entry, seal), seal, key);

        // A refreshed login must be stored, since its old tokens are spent.
        return seal is null && changes.Any(change => change is PutRefreshed put && put.Id == place.ProfileId)
            ? value
            : throw new NoSealingKeyException(place.ProfileId);
    }

    // The secret is the one of before.
    private JsonTree Same(SecretPlace place, StoredSeal seal)
    {
        if (_asked?.Goal == SealGoal.Plain)
            return JsonTree.Of(seal.Secret!.Reveal());
        if (_origins.TryGetValue(place.ProfileId, out var origin) && origin != seal.Sealed!.Origin)
            return Seal(place, seal.Secret!.Reveal(), origin, seal, KeyFor(seal)!);
        if (_asked?.Goal == SealGoal.ActiveKey && writing.Active is { } active && active.Id != seal.Sealed!.KeyId
            && KeyFor(seal.Sealed.KeyId) is { } own
            && seal.Sealed.Rewrap(
                writing.Reading.AgentId, place.ProfileId, place.Kind, own, active, writing.Fresh().WrapNonce) is { } rewrapped)
        {
            return (_seals[place] = StoredSeal.Of(rewrapped, seal.Secret!)).Json;
        }

        return (_seals[place] = seal).Json;
    }

    private JsonObject Seal(SecretPlace place, string text, string origin, StoredSeal? last, SealingKey key)
    {
        var newest = Math.Max(writing.Reading.NewestOf(place), last is { Secret: not null } ? last.Sealed!.Generation : 0);
        var secret = new Secret(text);
        var version = Math.Max(newest + 1, writing.LeastVersion);
        var label = new SealLabel(writing.Reading.AgentId, place.ProfileId, place.Kind, origin, version);
        _newest[place] = label.Generation;
        return (_seals[place] = StoredSeal.Of(SealedSecret.Seal(secret, label, key, writing.Fresh()), secret)).Json;
    }

    // The active key; while it cannot be used, the one that the secret had.
    private SealingKey? KeyFor(StoredSeal? seal) =>
        writing.Active ?? (seal is { Secret: not null } ? KeyFor(seal.Sealed!.KeyId) : null);

    private SealingKey? KeyFor(string keyId) => writing.Reading.KeyOf(keyId).Key;

    private string OriginOf(SecretPlace place, JsonObject entry, StoredSeal? seal) =>
        _origins.TryGetValue(place.ProfileId, out var origin) ? origin
        : seal is { Secret: not null } ? seal.Sealed!.Origin
        : Provider.Normalize(entry.TextOf("provider") ?? "") != Provider.Anthropic ? ""
        : _asked?.Origins.GetValueOrDefault(place.ProfileId) ?? writing.Origin;

    private string? TextBefore(SecretPlace place) =>
        stored.ObjectOf(AuthProfilesFile.Profiles).ObjectOf(place.ProfileId).TextOf(place.Kind);

    private static bool IsSealable(SecretPlace place, string text) =>
        SecretPlace.IsSecret(text) && SealedSecret.CanHold(text) && SealedSecret.CanHold(place.ProfileId);

    private static string? IdOfPut(StoreChange change) => change switch
    {
        PutProfile put => put.Id,
        PutRefreshed put => put.Id,
        _ => null,
    };

    private static Dictionary<string, string> OriginsOf(IEnumerable<StoreChange> changes)
    {
        var origins = new Dictionary<string, string>();
        foreach (var change in changes)
        {
            switch (change)
            {
                case PutProfile { Origin: { } origin } put:
                    origins[put.Id] = origin;
                    break;
                case PutRefreshed { Origin: { } origin } put:
                    origins[put.Id] = origin;
                    break;
                case BindSeals bind:
                    foreach (var id in bind.Ids)
                        origins[id] = bind.Origin;
                    break;
            }
        }

        return origins;
    }
}
