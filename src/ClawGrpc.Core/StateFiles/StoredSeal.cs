using ClawGrpc.Core.Sealing;

namespace ClawGrpc.Core.StateFiles;

/// <summary>A sealed secret as it stands in the file: <c>{ "sealed": "…" }</c> in the place of the text.</summary>
/// <param name="Json">As it stands, to be written back unchanged.</param>
/// <param name="Sealed">Null if it is damaged.</param>
/// <param name="Secret">Null if it does not open.</param>
/// <param name="Problem">Why it does not open, as half a sentence; null if it does.</param>
internal sealed record StoredSeal(JsonObject Json, SealedSecret? Sealed, Secret? Secret, string? Problem)
{
    private const string Member = "sealed";

    /// <summary>Whether a value of the file is a sealed secret, whatever is in it.</summary>
    public static bool Is(JsonTree? value) => value is JsonObject members && members.TextOf(Member) is not null;

    /// <summary>One that has just been sealed.</summary>
    public static StoredSeal Of(SealedSecret made, Secret secret) => new(
        JsonObject.Empty.With(Member, JsonTree.Of(Convert.ToBase64String(made.ToBytes()))), made, secret, null);

    /// <summary>Opens what stands in the file.</summary>
    public static StoredSeal Open(JsonObject json, SecretPlace place, SealReading reading)
    {
        var bytes = new byte[json.TextOf(Member)!.Length];
        string? problem = null;
        SealedSecret? found = null;
        if (!Convert.TryFromBase64String(json.TextOf(Member)!, bytes, out var length)
            || !SealedSecret.TryParse(bytes.AsSpan(0, length), out found, out problem))
        {
            return new StoredSeal(json, null, null, problem ?? "it is cut off or damaged");
        }

        var (key, keyProblem) = reading.KeyOf(found.KeyId);
        if (key is null)
            return new StoredSeal(json, found, null, keyProblem ?? $"its key {found.KeyId} is not configured");
        if (found.Open(reading.AgentId, place.ProfileId, place.Kind, key) is not { } secret)
        {
            return new StoredSeal(
                json, found, null, "it was moved here from another agent or profile, or was changed after it was sealed");
        }
        return reading.NewestOf(place) is var newest && found.Generation < newest
            ? new StoredSeal(json, found, null, $"an older version was put back ({found.Generation}; the newest was {newest})")
            : new StoredSeal(json, found, secret, null);
    }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"{Sealed}";
}
