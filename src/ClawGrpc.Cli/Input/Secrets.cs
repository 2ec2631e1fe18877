using System.Text.RegularExpressions;

namespace ClawGrpc.Cli.Input;

/// <summary>Reads secrets, and hides them in texts.</summary>
internal static partial class Secrets
{
    /// <summary>What every token of ClawGrpc begins with.</summary>
    public const string TokenPrefix = "claw_";

    /// <summary>The secret of an option. The value <c>-</c> stands for standard input, which keeps the secret out of the process
    /// list. Null if the option has no value.</summary>
    public static async Task<string?> FromOptionAsync(string? value, TextReader input, CancellationToken cancellation) =>
        value == "-" ? await FromInputAsync(input, cancellation) : value;

    /// <summary>All of standard input, trimmed.</summary>
    public static async Task<string> FromInputAsync(TextReader input, CancellationToken cancellation) =>
        (await input.ReadToEndAsync(cancellation)).Trim();

    /// <summary>Removes the line breaks that terminals and mail programs put into long lines, as OpenClaw 2026.2.9 does
    /// (openclaw-spec.md, section 3.3). For what a person pastes; the server refuses line breaks.</summary>
    public static string OnOneLine(string pasted) =>
        string.Concat(pasted.Where(character => !"\n\r\u2028\u2029".Contains(character)));

    /// <summary>Both ends of a secret, for a person to recognize: four characters each, or two if it has at most eight.</summary>
    public static string Preview(string secret) => secret.Length switch
    {
        0 => "",
        <= 8 => $"{secret[..Math.Min(2, secret.Length)]}…{secret[Math.Max(0, secret.Length - 2)..]}",
        _ => $"{secret[..4]}…{secret[^4..]}",
    };

    /// <summary>Masks everything that looks like an Anthropic credential or a token of ClawGrpc; keeps a bare prefix such as
    /// <c>sk-ant-oat01-</c>. The value of a mistyped option becomes an argument, which the parser would quote into a
    /// log.</summary>
    public static string Mask(string text) =>
        ClientToken().Replace(AnthropicCredential().Replace(text, "sk-ant-…"), TokenPrefix + "…");

    /// <summary>Whether a text that should be a name looks like a secret: it has one in it, or is long and of the characters of
    /// one.</summary>
    public static bool LooksLikeSecret(string text) =>
        text.Contains("sk-ant-", StringComparison.OrdinalIgnoreCase) || Mask(text) != text || RandomText().IsMatch(text);

    [GeneratedRegex("(?=[A-Z0-9+/=_-]*[a-z])(?=[a-z0-9+/=_-]*[A-Z])(?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{32,}")]
    private static partial Regex RandomText();

    [GeneratedRegex("sk-ant-[A-Za-z0-9_-]{7,}")]
    private static partial Regex AnthropicCredential();

    [GeneratedRegex(TokenPrefix + "[a-z2-7]{12}_[0-9A-Za-z_]+")]
    private static partial Regex ClientToken();
}
