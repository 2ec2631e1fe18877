using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ClawGrpc.Core.Sealing;

/// <summary>
/// How a key is derived from a passphrase. It is the key's id, so that every sealed secret says how its key is derived, and no
/// file of parameters can be lost.
/// </summary>
/// <param name="Iterations">Of PBKDF2 with SHA-256.</param>
/// <param name="Salt">16 bytes.</param>
/// <param name="Check">What tells the right passphrase from a wrong one; empty before the key is derived.</param>
internal sealed record PassphraseKey(int Iterations, ImmutableArray<byte> Salt, string Check = "")
{
    /// <summary>Of new keys.</summary>
    public const int UsualIterations = 600_000;

    public const int SaltLength = 16;

    // Whoever can write the file could name a derivation that takes hours, or one that helps to guess.
    private const int FewestIterations = 100_000;
    private const int MostIterations = 5_000_000;
    private const string Name = "pbkdf2-sha256";

    /// <summary>The parameters in a key's id; false if it is no id of a passphrase's key.</summary>
    public static bool TryParse(string keyId, [NotNullWhen(true)] out PassphraseKey? parameters)
    {
        parameters = null;
        if (keyId.Split(':') is not [Name, var count, var salt, { Length: > 0 } check]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < FewestIterations or > MostIterations
            || !Base64Url.IsValid(salt) || Base64Url.DecodeFromChars(salt) is not { Length: SaltLength } bytes)
        {
            return false;
        }

        parameters = new PassphraseKey(iterations, [.. bytes], check);
        return true;
    }

    /// <summary>The id of the key.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}:{Iterations}:{Base64Url.EncodeToString(Salt.AsSpan())}:{Check}");
}
