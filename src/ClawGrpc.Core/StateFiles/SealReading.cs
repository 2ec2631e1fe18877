using System.Collections.Immutable;
using ClawGrpc.Core.Sealing;

namespace ClawGrpc.Core.StateFiles;

/// <summary>What is needed to open the sealed secrets of an agent.</summary>
/// <param name="AgentId">The agent.</param>
/// <param name="KeyOf">From a key's id to the key, or to why it cannot be had, as half a sentence.</param>
/// <param name="NewestOf">The newest version of a secret that was ever seen; 0 if none was.</param>
internal sealed record SealReading(
    string AgentId, Func<string, (SealingKey? Key, string? Problem)> KeyOf, Func<SecretPlace, long> NewestOf)
{
    /// <summary>Without any key.</summary>
    public static readonly SealReading Nothing = new("", static _ => (null, null), static _ => 0);
}

/// <summary>How secrets are written.</summary>
/// <param name="Reading">How they are read.</param>
/// <param name="Active">The key for new secrets; null if there is none that can be used.</param>
/// <param name="IsConfigured">Whether keys are configured, whether or not they can be used.</param>
/// <param name="IsOn">
/// Whether new secrets are sealed in this place, with the active key or not at all. If not, they are where others are sealed.
/// </param>
/// <param name="Origin">The upstream of profiles that are sent and whose upstream no change names.</param>
/// <param name="Fresh">Random bytes for one sealing; other ones each time.</param>
internal sealed record SealWriting(
    SealReading Reading, SealingKey? Active, bool IsConfigured, bool IsOn, string Origin, Func<SealMaterial> Fresh)
{
    /// <summary>Nothing is sealed.</summary>
    public static readonly SealWriting Nothing = new(SealReading.Nothing, null, false, false, "", static () => default);

    /// <summary>
    /// New versions are at least this: a time where other servers may have seen versions of which this one knows nothing; else 0.
    /// </summary>
    public long LeastVersion { get; init; }
}

/// <summary>What becomes of stored secrets.</summary>
internal enum SealGoal
{
    /// <summary>Plain ones are sealed; sealed ones stay as they are.</summary>
    Sealed,

    /// <summary>Sealed ones become plain text.</summary>
    Plain,

    /// <summary>Sealed ones get the active key; plain ones stay as they are.</summary>
    ActiveKey,
}

/// <summary>A secret would have to be sealed, and no key for that can be used. Nothing was changed.</summary>
internal sealed class NoSealingKeyException(string profileId) : Exception($"The secret of {profileId} cannot be sealed.")
{
    public string ProfileId { get; } = profileId;
}

/// <summary>What a write leaves to remember: the newest version of each secret that it changed.</summary>
/// <param name="File">The profiles after it.</param>
/// <param name="Newest">Secrets and versions; older ones are not accepted from now on.</param>
internal sealed record SealedWrite(SealedProfiles File, ImmutableDictionary<SecretPlace, long> Newest);
