using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Core.Access;

/// <summary>
/// The text of a client's token: <c>claw_ID_SECRET_CHECK</c>. The check tells a typing error from a wrong token without a look at
/// any store, and lets scanners find tokens that were published by accident.
/// </summary>
/// <param name="Id">Twelve characters of base32.</param>
/// <param name="Secret">43 characters of base62, which are 256 bits.</param>
internal sealed record TokenText(string Id, Secret Secret)
{
    /// <summary>What every token begins with.</summary>
    public const string Prefix = SecretText.TokenPrefix;

    /// <summary>How many random bytes an id takes.</summary>
    public const int IdBytes = 8;

    /// <summary>How many random bytes a secret takes.</summary>
    public const int SecretBytes = 32;

    private const int IdLength = 12;
    private const int SecretLength = 43;
    private const int CheckLength = 6;
    private const int Length = 5 + IdLength + 1 + SecretLength + 1 + CheckLength;
    private const string Base32 = "abcdefghijklmnopqrstuvwxyz234567";
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>The whole token. To be shown once.</summary>
    public Secret Whole => new($"{Prefix}{Id}_{Secret.Reveal()}_{CheckOf(Id, Secret.Reveal())}");

    /// <summary>A token of random bytes.</summary>
    public static TokenText Of(ReadOnlySpan<byte> id, ReadOnlySpan<byte> secret)
    {
        var number = BinaryPrimitives.ReadUInt64BigEndian(id);
        var text = string.Create(IdLength, number, static (characters, rest) =>
        {
            foreach (ref var character in characters)
                (character, rest) = (Base32[(int)(rest & 31)], rest >> 5);
        });
        return new TokenText(text, new Secret(InBase62(new BigInteger(secret, isUnsigned: true), SecretLength)));
    }

    /// <summary>Reads a token; null if the text is none.</summary>
    public static TokenText? Parse(string text)
    {
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var (id, secret, check) = (text[5..17], text[18..61], text[62..]);
        var isWellFormed = text[17] == '_' && text[61] == '_' && id.All(Base32.Contains) && secret.All(char.IsAsciiLetterOrDigit);
        return isWellFormed && check == CheckOf(id, secret) ? new TokenText(id, new Secret(secret)) : null;
    }

    /// <summary>What is kept of a secret: random bits need no slow hash, and a keyed one is of no use without the key.</summary>
    public byte[] HashWith(ReadOnlySpan<byte> key) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(Secret.Reveal()));

#pragma warning disable RS0030 // System.IO.Hashing computes, and does no I/O.
    private static string CheckOf(string id, string secret) =>
        InBase62(System.IO.Hashing.Crc32.HashToUInt32(Encoding.ASCII.GetBytes($"{Prefix}{id}_{secret}")), CheckLength);
#pragma warning restore RS0030

    private static string InBase62(BigInteger number, int length)
    {
        var text = new char[length];
        for (var index = length - 1; index >= 0; index--)
        {
            number = BigInteger.DivRem(number, 62, out var digit);
            text[index] = Base62[(int)digit];
        }

        return new string(text);
    }
}
