using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>What sealed secrets mean for the profiles that have them.</summary>
internal static class SealedView
{
    /// <summary>
    /// The profile with the upstream that its secrets are sealed for, empty if for none. If one of them does not open, it has
    /// none of them: half a login is of no use.
    /// </summary>
    /// <param name="profile">As it was read.</param>
    /// <param name="entry">Its entry in the file, with the secrets that opened.</param>
    /// <param name="seals">The sealed secrets of the file.</param>
    public static Profile Of(Profile profile, JsonObject entry, ImmutableDictionary<SecretPlace, StoredSeal> seals)
    {
        if (profile.Credential.Reference is not null)
            return profile;
        var (problem, origin) = (default(string), default(string));
        foreach (var kind in SecretPlace.Kinds)
        {
            if (entry[kind] is not { } value)
                continue;
            var seal = SealOf(new SecretPlace(profile.Id, kind), value, seals);
            if (StoredSeal.Is(value))
                problem ??= seal?.Problem ?? "it was not looked at";
            else if (seal is not null && origin is not null && origin != seal.Sealed!.Origin)
                problem ??= "its secrets were sealed for different upstreams";
            else
                origin ??= seal?.Sealed!.Origin;
        }

        return problem is null
            ? profile with { Origin = origin }
            : profile with { Credential = profile.Credential.Unopened(problem) };
    }

    /// <summary>How each secret of a profile is stored.</summary>
    public static IEnumerable<SecretState> StatesOf(
        string profileId, JsonObject entry, ImmutableDictionary<SecretPlace, StoredSeal> seals)
    {
        foreach (var kind in SecretPlace.Kinds)
        {
            var place = new SecretPlace(profileId, kind);
            if (entry[kind] is not { } value)
                continue;
            var seal = SealOf(place, value, seals);
            if (StoredSeal.Is(value) || seal is not null)
                yield return new SecretState(place, seal?.Sealed?.KeyId ?? "", seal?.Problem);
            else if (value is JsonString { Value: var text } && SecretPlace.IsSecret(text))
                yield return new SecretState(place, null, null);
        }
    }

    // The seal that the value was read from; null if the value is plain text, or has changed since.
    private static StoredSeal? SealOf(
        SecretPlace place, JsonTree value, ImmutableDictionary<SecretPlace, StoredSeal> seals) =>
        !seals.TryGetValue(place, out var seal) ? null
        : value is JsonString { Value: var text } ? seal.Secret?.Reveal() == text ? seal : null
        : StoredSeal.Is(value) ? seal : null;
}
