using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace ClawGrpc.Core;

/// <summary>
/// The forms in which somebody else's text may repeat a secret: as it is, in another case, and inside base64, wherever it begins
/// there.
/// </summary>
[DebuggerDisplay("(secret)")]
internal sealed class SecretForms
{
    private static readonly ConditionalWeakTable<Secret, SecretForms> Known = [];

    // Less is no secret, and stands in any text.
    private const int Shortest = 8;
    private const byte Cover = (byte)'*';

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string _text;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly ImmutableArray<string> _coded;

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly ImmutableArray<byte[]> _bytes;

    private SecretForms(Secret secret)
    {
        _text = secret.Reveal().Trim();
        if (_text.Length < Shortest)
        {
            (_coded, _bytes) = ([], []);
            return;
        }

        _coded = [.. Enumerable.Range(0, 3).Select(CodedBehind).SelectMany(text => new[] { text, UrlSafe(text) }).Distinct()];
        string[] plain = [_text, _text.ToLowerInvariant(), _text.ToUpperInvariant()];
        _bytes = [.. plain.Concat(_coded).Distinct().Select(Encoding.UTF8.GetBytes)];
        Longest = _bytes.Max(form => form.Length);
    }

    /// <summary>The forms of a secret, made once for each object that holds it.</summary>
    public static SecretForms Of(Secret secret) => Known.GetValue(secret, static each => new SecretForms(each));

    /// <summary>How many bytes the longest form has; 0 if there is nothing to find.</summary>
    public int Longest { get; }

    /// <summary>The text with every form of the secret replaced; the same object if it has none.</summary>
    /// <param name="text">Somebody else's text.</param>
    /// <param name="shown">What stands in its place.</param>
    public string Mask(string text, string shown)
    {
        if (text.Length < _text.Length || Longest == 0)
            return text;
        if (text.Contains(_text, StringComparison.OrdinalIgnoreCase))
            text = text.Replace(_text, shown, StringComparison.OrdinalIgnoreCase);
        foreach (var form in _coded)
        {
            if (text.Contains(form, StringComparison.Ordinal))
                text = text.Replace(form, shown, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The same of a text that may be cut off inside the secret.</summary>
    public string MaskCut(string text, string shown)
    {
        text = Mask(text, shown);
        for (var length = Math.Min(_text.Length - 1, text.Length); Longest > 0 && length >= Shortest; length--)
        {
            if (text.EndsWith(_text[..length], StringComparison.OrdinalIgnoreCase))
                return $"{text[..^length]}{shown}";
        }

        return text;
    }

    /// <summary>Covers every form of the secret in place, so that what is JSON stays JSON of the same length.</summary>
    public void CoverIn(Span<byte> bytes)
    {
        foreach (var form in _bytes)
        {
            for (var at = bytes.IndexOf(form); at >= 0; at = bytes.IndexOf(form))
                bytes.Slice(at, form.Length).Fill(Cover);
        }
    }

    // The characters of base64 that depend on nothing but the secret, if so many bytes of its first group are another text's.
    private string CodedBehind(int before)
    {
        var bytes = Encoding.UTF8.GetBytes(_text);
        var coded = Convert.ToBase64String([.. new byte[before], .. bytes]);
        var first = (before * 8 + 5) / 6;
        return coded[first..((before + bytes.Length) * 8 / 6)];
    }

    private static string UrlSafe(string coded) => coded.Replace('+', '-').Replace('/', '_');
}
