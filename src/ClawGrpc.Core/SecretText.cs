using System.Text.RegularExpressions;

namespace ClawGrpc.Core;

/// <summary>Texts that people give, and that could be a secret pasted into the wrong place.</summary>
internal static class SecretText
{
    /// <summary>What a log has instead of such a text.</summary>
    public const string Hidden = "(looks like a secret)";

    /// <summary>What every token of a client begins with.</summary>
    public const string TokenPrefix = "claw_";

    private const int ShortestSecret = 32;
    private static readonly Regex AnthropicCredential = new("sk-ant-[A-Za-z0-9_-]{7,}", RegexOptions.CultureInvariant);
    private static readonly Regex ClientToken = new("claw_[a-z2-7]{12}_[0-9A-Za-z_]+", RegexOptions.CultureInvariant);

    /// <summary>The text for a log.</summary>
    public static string ForLog(string text) => LooksSecret(text) ? Hidden : text;

    /// <summary>
    /// The text for an error: its caller may log it. Nothing is left of what looks like an Anthropic credential or a token of a
    /// client but how it begins; a bare prefix such as <c>sk-ant-oat01-</c> stays.
    /// </summary>
    public static string ForError(string text) =>
        text.Contains("sk-ant-", StringComparison.Ordinal) || text.Contains(TokenPrefix, StringComparison.Ordinal)
            ? ClientToken.Replace(AnthropicCredential.Replace(text, "sk-ant-…"), $"{TokenPrefix}…")
            : text;

    /// <summary>Whether a text has an Anthropic credential or a token of a client in it.</summary>
    public static bool HasCredential(string text) => ForError(text) != text;

    /// <summary>Whether a text looks like a secret, or has one in it.</summary>
    public static bool LooksSecret(string text)
    {
        if (text.Contains("sk-ant-", StringComparison.OrdinalIgnoreCase)
            || text.Contains(TokenPrefix, StringComparison.Ordinal))
        {
            return true;
        }

        var length = 0;
        var (upper, lower, digit) = (false, false, false);
        foreach (var each in text)
        {
            if (!char.IsAsciiLetterOrDigit(each) && each is not ('+' or '/' or '=' or '_' or '-'))
            {
                length = 0;
                (upper, lower, digit) = (false, false, false);
                continue;
            }

            length++;
            upper |= char.IsAsciiLetterUpper(each);
            lower |= char.IsAsciiLetterLower(each);
            digit |= char.IsAsciiDigit(each);
            if (length >= ShortestSecret && upper && lower && digit)
                return true;
        }

        return false;
    }
}
