using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// An <c>auth-profiles.json</c> as it is stored, with sealed secrets, and as it is read, with those that open in their place.
/// Immutable.
/// </summary>
internal sealed class SealedProfiles
{
    private readonly JsonObject _stored;

    internal SealedProfiles(JsonObject stored, AuthProfilesFile file) => (_stored, File) = (stored, file);

    /// <summary>No profiles.</summary>
    public static SealedProfiles Empty { get; } = new(AuthProfilesFile.Empty.Root, AuthProfilesFile.Empty);

    /// <summary>As it is read.</summary>
    public AuthProfilesFile File { get; }

    public ProfileStore Store => File.Store;

    /// <summary>The newest version of each secret that opened.</summary>
    public IEnumerable<KeyValuePair<SecretPlace, long>> Newest => File.Seals
        .Where(seal => seal.Value.Secret is not null)
        .Select(seal => KeyValuePair.Create(seal.Key, seal.Value.Sealed!.Generation));

    /// <inheritdoc cref="AuthProfilesFile.TryParse(ReadOnlySpan{byte}, out AuthProfilesFile?, out StoreSyntaxError?)"/>
    public static bool TryParse(
        ReadOnlySpan<byte> utf8, SealReading reading, [NotNullWhen(true)] out SealedProfiles? profiles,
        [NotNullWhen(false)] out StoreSyntaxError? error)
    {
        profiles = AuthProfilesFile.TryParse(utf8, out var file, out error) ? Open(file, reading) : null;
        return profiles is not null;
    }

    /// <summary>The profiles after these changes, sealed as they have to be.</summary>
    /// <exception cref="NoSealingKeyException">A new secret would have to be sealed, and there is no key for it.</exception>
    public SealedWrite With(IReadOnlyList<StoreChange> changes, SealWriting writing) =>
        new SealingWrite(_stored, File, changes, writing).Run();

    /// <summary>The file's text in UTF-8.</summary>
    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(AuthProfilesFile.TextOf(_stored));

    private static SealedProfiles Open(AuthProfilesFile file, SealReading reading)
    {
        var seals = ImmutableDictionary.CreateBuilder<SecretPlace, StoredSeal>();
        var opened = file.MapProfiles((id, entry) =>
        {
            foreach (var kind in SecretPlace.Kinds)
            {
                if (entry[kind] is not JsonObject value || !StoredSeal.Is(value))
                    continue;
                var place = new SecretPlace(id, kind);
                var seal = seals[place] = StoredSeal.Open(value, place, reading);
                if (seal.Secret is { } secret)
                    entry = entry.With(kind, JsonTree.Of(secret.Reveal()));
            }

            return entry;
        });
        return seals.Count == 0
            ? new SealedProfiles(file.Root, file)
            : new SealedProfiles(file.Root, new AuthProfilesFile(opened, seals.ToImmutable()));
    }
}
