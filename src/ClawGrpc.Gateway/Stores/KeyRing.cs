using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using ClawGrpc.Core.Sealing;

namespace ClawGrpc.Gateway.Stores;

/// <summary>A file of a key, and what came of it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Key">Null if it cannot be used.</param>
/// <param name="Passphrase">What the key was derived from; null if it is a random one.</param>
/// <param name="Problem">Why it cannot be used, as half a sentence; null if it can.</param>
internal sealed record LoadedKey(string Path, SealingKey? Key, byte[]? Passphrase, string? Problem)
{
    /// <summary>Never the passphrase.</summary>
    public override string ToString() => $"{Path}: {Key}";
}

/// <summary>What opens sealed secrets. Keys that were there once stay until the process ends.</summary>
/// <param name="Keys">By id.</param>
/// <param name="Passphrases">Of keys whose ids say how they are derived.</param>
internal sealed record OpeningKeys(
    ImmutableDictionary<string, SealingKey> Keys, ImmutableArray<byte[]> Passphrases)
{
    public static readonly OpeningKeys None = new(ImmutableDictionary<string, SealingKey>.Empty, []);

    // Each derivation takes some tenths of a second, and the file that names it is anybody's who can write it.
    private const int MostDerived = 16;

    private readonly ConcurrentDictionary<string, SealingKey?> _derived = new(StringComparer.Ordinal);

    /// <summary>Overwrites all keys, which cannot be used after that.</summary>
    public void Erase()
    {
        foreach (var key in Keys.Values.Concat(_derived.Values.OfType<SealingKey>()))
            key.Erase();
        foreach (var passphrase in Passphrases)
            CryptographicOperations.ZeroMemory(passphrase);
    }

    public (SealingKey? Key, string? Problem) KeyOf(string keyId)
    {
        if (Keys.TryGetValue(keyId, out var key))
            return (key, null);
        if (!PassphraseKey.TryParse(keyId, out var parameters) || Passphrases.IsEmpty)
            return (null, null);
        if (!_derived.ContainsKey(keyId) && _derived.Count >= MostDerived)
            return (null, $"it names another of more than {MostDerived} derivations of a passphrase");
        key = _derived.GetOrAdd(keyId, _ => Passphrases
            .Select(passphrase => SealingKey.Of(passphrase, parameters)).FirstOrDefault(derived => derived.Id == keyId));
        return (key, key is null ? "the passphrase is not the one that it was sealed with" : null);
    }
}

/// <summary>The keys at one moment. Immutable.</summary>
/// <param name="Loaded">The configured files, in their order.</param>
/// <param name="Opening">What opens secrets.</param>
/// <param name="State">Which key was made active.</param>
/// <param name="StateProblem">Why that is not known, with the way out; null if it is.</param>
/// <param name="Origin">The upstream that is configured.</param>
internal sealed record KeyRing(
    ImmutableArray<LoadedKey> Loaded, OpeningKeys Opening, SealState State, string? StateProblem, string Origin)
{
    public static readonly KeyRing None = new([], OpeningKeys.None, SealState.None, null, "");

    /// <summary>Whether keys are configured, whether or not they can be used.</summary>
    public bool IsConfigured => !Loaded.IsEmpty;

    /// <summary>The key for new secrets; null if it cannot be used.</summary>
    public SealingKey? Active => StateProblem is not null ? null
        : State.Active is null ? Loaded.FirstOrDefault()?.Key
        : Loaded.FirstOrDefault(each => each.Key?.Id == State.Active)?.Key;

    /// <summary>
    /// Why new secrets cannot be sealed, as a sentence with the way out; null if they can, or if none are to be.
    /// </summary>
    public string? Problem => Active is not null ? null
        : !IsConfigured ? null
        : StateProblem is not null ? StateProblem
        : Loaded.Select(each => each.Problem).FirstOrDefault(problem => problem is not null) is { } failed
            ? $"{char.ToUpperInvariant(failed[0])}{failed[1..]}."
        : $"The active key {State.Active} is not configured. Add its file to clawgrpc.seal.otherKeys, or make another key "
            + "active: claw secrets rotate.";

    /// <summary>The key of an id, or why it cannot be had, as half a sentence.</summary>
    public (SealingKey? Key, string? Problem) KeyOf(string keyId)
    {
        var (key, problem) = Opening.KeyOf(keyId);
        if (key is not null)
            return (key, null);
        var failed = Loaded.FirstOrDefault(each => each.Problem is not null)?.Problem;
        return (null, problem ?? (failed is null
            ? $"its key {keyId} is not configured in clawgrpc.seal"
            : $"its key {keyId} is not there: {failed}"));
    }
}
