namespace ClawGrpc.Core.Sealing;

/// <summary>The random bytes of one sealing. Used once.</summary>
/// <param name="Key">
/// The key of the secret's version, <see cref="SealingKey.Length"/> bytes; erased when it has been used.
/// </param>
/// <param name="Nonce">Of the text, <see cref="SealedSecret.NonceLength"/> bytes.</param>
/// <param name="WrapNonce">Of the wrapped key, as many.</param>
internal readonly record struct SealMaterial(byte[] Key, byte[] Nonce, byte[] WrapNonce)
{
    /// <summary>Never the bytes.</summary>
    public override string ToString() => nameof(SealMaterial);
}
