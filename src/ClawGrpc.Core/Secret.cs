using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClawGrpc.Core;

/// <summary>
/// A credential's secret text: an API key, a setup-token, an access or refresh token. It cannot be printed by accident: every
/// way to text that a log, a debugger, a record or a serializer takes gives a mask, and <see cref="Reveal"/> is the one way out.
/// </summary>
[DebuggerDisplay("(secret)")]
[DebuggerTypeProxy(typeof(DebuggerView))]
[JsonConverter(typeof(MaskingConverter))]
internal sealed class Secret : IEquatable<Secret>
{
    private const string Hidden = "(secret)";

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string _text;

    /// <summary>
    /// Holds <paramref name="text"/> as it is: stores may hold blank or badly pasted keys, and nothing is lost.
    /// </summary>
    /// <param name="text">The secret; may be empty or blank.</param>
    public Secret(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    /// <summary>True when there is nothing but white space: such a credential is never eligible.</summary>
    public bool IsBlank => string.IsNullOrWhiteSpace(_text);

    /// <summary>The secret itself. Only for the header that carries it upstream and for the store that keeps it.</summary>
    public string Reveal() => _text;

    /// <summary>
    /// What people may see of it (openclaw-spec.md, section 7.3): <c>missing</c> when blank; the first and last eight
    /// characters around
    /// <c>...</c> when longer than sixteen. Shorter ones are never shown in full: two characters at each end, below eight none.
    /// Characters that are not printable ASCII show as <c>?</c>, so that the mask is always one line of valid text.
    /// </summary>
    public string Mask()
    {
        var trimmed = _text.Trim();
        var shown = trimmed.Length switch
        {
            0 => -1,
            < 8 => 0,
            <= 16 => 2,
            _ => 8,
        };
        return shown < 0 ? "missing" : $"{Printable(trimmed[..shown])}...{Printable(trimmed[^shown..])}";
    }

    /// <summary>Never the secret: always <c>(secret)</c>.</summary>
    public override string ToString() => Hidden;

    /// <summary>Whether both hold the same text, in a time that does not tell where they differ.</summary>
    public bool Equals(Secret? other) => other is not null && CryptographicOperations.FixedTimeEquals(
        MemoryMarshal.AsBytes(_text.AsSpan()), MemoryMarshal.AsBytes(other._text.AsSpan()));

    public override bool Equals(object? obj) => Equals(obj as Secret);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Whether both hold the same text.</summary>
    public static bool operator ==(Secret? left, Secret? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether they hold different texts.</summary>
    public static bool operator !=(Secret? left, Secret? right) => !(left == right);

    private static string Printable(string text) =>
        string.Concat(text.Select(character => character is >= ' ' and <= '~' ? character : '?'));

    private sealed class DebuggerView
    {
        public DebuggerView(Secret secret) => _ = secret;
    }

    /// <summary>
    /// Writes the mask, so that a record with a secret can be dumped; reading would turn a mask into a credential.
    /// </summary>
    private sealed class MaskingConverter : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new JsonException("A secret is not read by a serializer: take the text and make a Secret of it.");

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Mask());
    }
}
