namespace ClawGrpc.Core;

/// <summary>
/// What can be sent as the value of an HTTP header. The one check of credentials, wherever they come from: a line break in a
/// credential would add a header to the request.
/// </summary>
internal static class HeaderText
{
    /// <summary>The most characters of a credential.</summary>
    public const int MaxLength = 8192;

    /// <summary>
    /// The text without white space around it, which OpenClaw removes too: files and variables often end in a line break.
    /// JavaScript's way, which removes byte order marks as well.
    /// </summary>
    public static string Trim(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsSpace(text[start]))
            start++;
        while (end > start && IsSpace(text[end - 1]))
            end--;
        return text[start..end];
    }

    /// <summary>Whether a character is white space for <see cref="Trim"/>.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character == '\uFEFF';

    /// <summary>Why no header can carry a credential; null if one can.</summary>
    /// <param name="secret">The credential as it was read.</param>
    /// <param name="noun">What it is, such as <c>key</c>.</param>
    /// <returns>Half a sentence, which never quotes the secret.</returns>
    public static string? Problem(Secret secret, string noun) => Problem(Trim(secret.Reveal()), noun);

    /// <summary>The same of a text that is trimmed already.</summary>
    public static string? Problem(string text, string noun)
    {
        if (text.Length > MaxLength)
            return $"the {noun} is too long: {text.Length} characters, at most {MaxLength}";
        var index = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        return index < 0 ? null : $"the {noun} holds {Named(text[index], noun)} at position {index + 1}";
    }

    private static string Named(char character, string noun) => character switch
    {
        '\r' or '\n' or '\x85' or '\u2028' or '\u2029' => "a line break",
        '\t' => "a tab",
        < ' ' or (>= '\x7f' and <= '\x9f') => "a control character",
        _ => $"the character U+{(int)character:X4}, which no {noun} has",
    };
}
