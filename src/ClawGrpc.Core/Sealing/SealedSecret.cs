using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Core.Sealing;

/// <summary>
/// A sealed secret: its text under a key of its own (AES-256-GCM), and that key wrapped by a <see cref="SealingKey"/>. Both are
/// bound to the <see cref="SealLabel"/>. As bytes: version 1, key id, origin, generation, nonce and wrapped key, nonce and text.
/// </summary>
/// <param name="KeyId">The key that wraps.</param>
/// <param name="Origin">As it says itself; true once it is opened.</param>
/// <param name="Generation">As it says itself; true once it is opened.</param>
internal sealed record SealedSecret(string KeyId, string Origin, long Generation)
{
    public const int NonceLength = 12;
    public const int TagLength = 16;

    private const byte Version = 1;
    private const int WrappedLength = SealingKey.Length + TagLength;
    private const int MostText = 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] WrapNonce { get; init; } = [];

    private byte[] WrappedKey { get; init; } = [];

    private byte[] Nonce { get; init; } = [];

    // With its tag behind it.
    private byte[] Text { get; init; } = [];

    /// <summary>Whether a text comes back as it was: one that is valid Unicode.</summary>
    public static bool CanHold(string text)
    {
        for (var at = 0; at < text.Length; at += char.IsSurrogate(text[at]) ? 2 : 1)
        {
            if (char.IsSurrogate(text[at]) && !char.IsSurrogatePair(text, at))
                return false;
        }

        return true;
    }

    /// <summary>Seals a secret.</summary>
    /// <param name="secret">One that it <see cref="CanHold"/>.</param>
    public static SealedSecret Seal(Secret secret, SealLabel label, SealingKey key, SealMaterial material)
    {
        var plain = Strict.GetBytes(secret.Reveal());
        try
        {
            using var cipher = new AesGcm(material.Key, TagLength);
            return new SealedSecret(key.Id, label.Origin, label.Generation)
            {
                Nonce = material.Nonce,
                Text = Encrypt(cipher, material.Nonce, plain, label.ToBytes("")),
                WrapNonce = material.WrapNonce,
                WrappedKey = Wrap(material.Key, material.WrapNonce, label, key),
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
            CryptographicOperations.ZeroMemory(material.Key);
        }
    }

    /// <summary>Opens it where it was found.</summary>
    /// <param name="agentId">The agent whose profiles it was found in.</param>
    /// <param name="profileId">The profile.</param>
    /// <param name="kind">Which secret of the profile.</param>
    /// <param name="key">The key of <see cref="KeyId"/>.</param>
    /// <returns>Null if it does not open: it was sealed for another place, or its bytes were changed.</returns>
    public Secret? Open(string agentId, string profileId, string kind, SealingKey key)
    {
        var label = new SealLabel(agentId, profileId, kind, Origin, Generation);
        var (own, plain) = (new byte[SealingKey.Length], new byte[Text.Length - TagLength]);
        try
        {
            if (key.Id != KeyId || !TryUnwrap(label, key, own))
                return null;
            using var cipher = new AesGcm(own, TagLength);
            return TryDecrypt(cipher, Nonce, Text, plain, label.ToBytes("")) ? new Secret(Strict.GetString(plain)) : null;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(own);
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The same secret with its key wrapped by another key; its text stays as it is.</summary>
    /// <returns>Null if the key does not open it.</returns>
    public SealedSecret? Rewrap(
        string agentId, string profileId, string kind, SealingKey from, SealingKey to, byte[] wrapNonce)
    {
        var label = new SealLabel(agentId, profileId, kind, Origin, Generation);
        var own = new byte[SealingKey.Length];
        try
        {
            return from.Id == KeyId && TryUnwrap(label, from, own)
                ? this with { KeyId = to.Id, WrapNonce = wrapNonce, WrappedKey = Wrap(own, wrapNonce, label, to) }
                : null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(own);
        }
    }

    public byte[] ToBytes()
    {
        var (keyId, origin) = (Encoding.UTF8.GetBytes(KeyId), Encoding.UTF8.GetBytes(Origin));
        var generation = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(generation, Generation);
        return
        [
            Version, .. LengthOf(keyId), .. keyId, .. LengthOf(origin), .. origin, .. generation, .. WrapNonce, .. WrappedKey,
            .. Nonce, .. Text,
        ];
    }

    /// <summary>Reads the bytes of a sealed secret.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="sealedSecret">Null if they are none.</param>
    /// <param name="problem">Half a sentence; null if they are one.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SealedSecret? sealedSecret, [NotNullWhen(false)] out string? problem)
    {
        (sealedSecret, problem) = (null, null);
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            problem = bytes.IsEmpty ? "it is empty" : "a newer ClawGrpc has sealed it";
            return false;
        }

        var rest = bytes[1..];
        const int fixedLength = sizeof(long) + NonceLength + WrappedLength + NonceLength + TagLength;
        if (!TryTakeText(ref rest, out var keyId) || !TryTakeText(ref rest, out var origin)
            || rest.Length < fixedLength || rest.Length > fixedLength + MostText
            || BinaryPrimitives.ReadInt64BigEndian(rest) is not (> 0 and var generation))
        {
            problem = "it is cut off or damaged";
            return false;
        }

        rest = rest[sizeof(long)..];
        sealedSecret = new SealedSecret(keyId, origin, generation)
        {
            WrapNonce = rest[..NonceLength].ToArray(),
            WrappedKey = rest.Slice(NonceLength, WrappedLength).ToArray(),
            Nonce = rest.Slice(NonceLength + WrappedLength, NonceLength).ToArray(),
            Text = rest[(NonceLength + WrappedLength + NonceLength)..].ToArray(),
        };
        return true;
    }

    /// <summary>What it says of itself; nothing of the secret.</summary>
    public override string ToString() => $"sealed by {KeyId}, generation {Generation}";

    private static byte[] LengthOf(byte[] text) => [(byte)(text.Length >> 8), (byte)text.Length];

    private static bool TryTakeText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(rest) is var length && rest.Length < 2 + length)
            return false;
        try
        {
            text = Strict.GetString(rest.Slice(2, length));
            rest = rest[(2 + length)..];
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static byte[] Wrap(byte[] own, byte[] nonce, SealLabel label, SealingKey key)
    {
        using var cipher = key.NewCipher();
        return Encrypt(cipher, nonce, own, label.ToBytes(key.Id));
    }

    private bool TryUnwrap(SealLabel label, SealingKey key, byte[] own)
    {
        using var cipher = key.NewCipher();
        return TryDecrypt(cipher, WrapNonce, WrappedKey, own, label.ToBytes(key.Id));
    }

    private static byte[] Encrypt(AesGcm cipher, byte[] nonce, byte[] plain, byte[] label)
    {
        var result = new byte[plain.Length + TagLength];
        cipher.Encrypt(nonce, plain, result.AsSpan(0, plain.Length), result.AsSpan(plain.Length), label);
        return result;
    }

    private static bool TryDecrypt(AesGcm cipher, byte[] nonce, byte[] text, byte[] plain, byte[] label)
    {
        try
        {
            cipher.Decrypt(nonce, text.AsSpan(0, plain.Length), text.AsSpan(plain.Length), plain, label);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
