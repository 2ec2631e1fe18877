using System.Text.RegularExpressions;

namespace ClawGrpc.Cli.Input;

/// <summary>How secrets come in and how much of them may be seen.</summary>
internal static partial class Secrets
{
    /// <summary>The value of an option that takes a secret: <c>-</c> stands for standard input, so that the secret stays out of
    /// the process list; everything else is the secret itself. Null: the option was not given a value.</summary>
    public static async Task<string?> FromOptionAsync(string? value, Surroundings surroundings, CancellationToken cancellation) =>
        value == "-" ? await FromInputAsync(surroundings, cancellation) : value;

    /// <summary>All of standard input, without white space around it.</summary>
    public static async Task<string> FromInputAsync(Surroundings surroundings, CancellationToken cancellation) =>
        (await surroundings.In.ReadToEndAsync(cancellation)).Trim();

    /// <summary>A secret without the line breaks that terminals and mails put into long lines, as OpenClaw 2026.2.9 stores it (openclaw-spec.md §3.3). Of a
    /// person's paste only: what a program sends is refused for them.</summary>
    public static string OnOneLine(string pasted) => string.Concat(pasted.Where(character => !"\n\r\u2028\u2029".Contains(character)));

    /// <summary>Enough of a secret to recognise it by: four characters at each end, or two when it is short.</summary>
    public static string Preview(string secret) => secret.Length switch
    {
        0 => "",
        <= 8 => $"{secret[..Math.Min(2, secret.Length)]}…{secret[Math.Max(0, secret.Length - 2)..]}",
        _ => $"{secret[..4]}…{secret[^4..]}",
    };

    /// <summary>A text with everything that looks like an Anthropic credential cut out; a bare prefix such as <c>sk-ant-oat01-</c> is none. An option typed wrongly turns its value into an
    /// argument that the parser quotes; it must not end up in a log that way.</summary>
    public static string CutOut(string text) => AnthropicCredential().Replace(text, "sk-ant-…");

    [GeneratedRegex("sk-ant-[A-Za-z0-9_-]{7,}")]
    private static partial Regex AnthropicCredential();
}
