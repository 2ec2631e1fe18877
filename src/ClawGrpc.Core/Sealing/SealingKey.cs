using System.Diagnostics;
using System.Security.Cryptography;

namespace ClawGrpc.Core.Sealing;

/// <summary>
/// A key that wraps the keys of secrets. Its id tells it from others without telling anything of it. It cannot be printed.
/// </summary>
[DebuggerDisplay("{Id}")]
internal sealed class SealingKey
{
    /// <summary>Of a key, in bytes.</summary>
    public const int Length = 32;

    private const int CheckLength = 8;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;

    private volatile bool _isErased;

    private SealingKey(string id, byte[] bytes) => (Id, _bytes) = (id, bytes);

    /// <summary>Such as <c>key:1f0c…</c>, or <see cref="PassphraseKey"/> with its parameters.</summary>
    public string Id { get; }

    /// <summary>A random key.</summary>
    /// <param name="bytes">Exactly <see cref="Length"/>; copied.</param>
    public static SealingKey Of(ReadOnlySpan<byte> bytes) => new($"key:{CheckOf(bytes)}", Copy(bytes));

    /// <summary>The key that a passphrase comes to. It takes some tenths of a second.</summary>
    /// <param name="passphrase">The passphrase, in UTF-8.</param>
    /// <param name="parameters">How it is derived.</param>
    public static SealingKey Of(ReadOnlySpan<byte> passphrase, PassphraseKey parameters)
    {
        var bytes = Rfc2898DeriveBytes.Pbkdf2(
            passphrase, parameters.Salt.AsSpan(), parameters.Iterations, HashAlgorithmName.SHA256, Length);
        return new SealingKey((parameters with { Check = CheckOf(bytes) }).ToString(), bytes);
    }

    /// <summary>The cipher of this key; disposed by the caller.</summary>
    /// <exception cref="ObjectDisposedException">It was erased.</exception>
    public AesGcm NewCipher()
    {
        var cipher = new AesGcm(_bytes, SealedSecret.TagLength);
        if (!_isErased)
            return cipher;

        // A secret that zeros sealed would be lost, and open to everybody.
        cipher.Dispose();
        throw new ObjectDisposedException(Id);
    }

    /// <summary>Overwrites the key, which cannot be used after that.</summary>
    public void Erase()
    {
        _isErased = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => Id;

    private static string CheckOf(ReadOnlySpan<byte> key)
    {
        if (key.Length != Length)
            throw new ArgumentException($"A key has {Length} bytes.", nameof(key));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, "clawgrpc/1 key id"u8).AsSpan(0, CheckLength));
    }

    private static byte[] Copy(ReadOnlySpan<byte> bytes)
    {
        // Pinned, so that the collector leaves no copies that cannot be erased.
        var copy = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(copy);
        return copy;
    }
}
