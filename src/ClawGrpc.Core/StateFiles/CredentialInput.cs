using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ClawGrpc.Core.StateFiles;

/// <summary>A pasted secret, or the reason why it was refused.</summary>
/// <param name="Secret">The secret, cleaned; null if it was refused.</param>
/// <param name="Error">The reason for the user, never quoting the secret; null if it was accepted.</param>
internal sealed record CheckedSecret(Secret? Secret, string? Error)
{
    /// <summary>Whether it was accepted.</summary>
    [MemberNotNullWhen(true, nameof(Secret))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsAccepted => Secret is not null;
}

/// <summary>
/// Cleans and checks what people paste (openclaw-spec.md, section 3.3). The rules of the interactive wizard hold everywhere, and
/// what could not be sent in a header is refused at once instead of failing on the first request.
/// </summary>
internal static class CredentialInput
{
    /// <summary>The error for nothing, or nothing but white space.</summary>
    public const string Required = "Required";

    private const int MinSetupTokenLength = 80;
    private const string SubscriptionMark = "sk-ant-oat";
    private const string SetupTokenPrefix = "sk-ant-oat01-";
    private const string AdminKeyPrefix = "sk-ant-admin01-";
    private const string ApiKeyPrefix = "sk-ant-api";
    private const string LineBreaks = "\n\r\u2028\u2029";

    /// <summary>
    /// An API key, possibly pasted as a shell assignment, in quotes, or with a semicolon. Removes line breaks around it; refuses
    /// one inside.
    /// </summary>
    public static CheckedSecret ApiKey(string pasted)
    {
        var key = Clean(pasted);
        if (key.Length == 0)
            return Refused(Required);
        if (key.StartsWith(AdminKeyPrefix, StringComparison.Ordinal))
        {
            return Refused(
                "This is an admin key, which cannot call models: create an API key in the Anthropic Console and paste that");
        }

        // The transport sends any text that contains this as a bearer token (section 3.1).
        return key.Contains(SubscriptionMark, StringComparison.Ordinal)
            ? Refused("This is a setup-token, not an API key: onboard it as a setup-token")
            : Sendable(key, "key");
    }

    /// <summary>
    /// A token that <c>claude setup-token</c> printed. Terminals break it into lines: white space inside is removed.
    /// </summary>
    public static CheckedSecret SetupToken(string pasted)
    {
        var token = string.Concat(Trim(pasted).Where(character => !IsSpace(character)));
        if (token.Length == 0)
            return Refused(Required);
        if (!token.StartsWith(SetupTokenPrefix, StringComparison.Ordinal))
        {
            const string expected = $"Expected token starting with {SetupTokenPrefix}";
            var isApiKey = token.StartsWith(ApiKeyPrefix, StringComparison.Ordinal);
            return Refused(isApiKey ? $"{expected}: this is an API key, onboard it as one" : expected);
        }

        return token.Length < MinSetupTokenLength
            ? Refused("Token looks too short; paste the full setup-token")
            : Sendable(token, "token");
    }

    /// <summary>Any token, for <c>paste-token</c>: everything that can be sent is accepted.</summary>
    public static CheckedSecret PastedToken(string pasted)
    {
        var token = OneLine(Trim(pasted));
        return token.Length == 0 ? Refused(Required) : Sendable(token, "token");
    }

    /// <summary>The profile id for a named token, such as <c>anthropic:work</c>.</summary>
    /// <param name="provider">As written, not normalized.</param>
    /// <param name="name">As written; <c>default</c> if no character of it may be in an id.</param>
    public static string TokenProfileId(string provider, string name)
    {
        var slug = new StringBuilder();
        foreach (var character in Trim(name).ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(character) || character is '.' or '_')
                slug.Append(character);
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }

        var trimmed = slug.ToString().TrimEnd('-');
        return $"{Provider.Normalize(provider)}:{(trimmed.Length == 0 ? "default" : trimmed)}";
    }

    private static string Clean(string pasted)
    {
        var trimmed = Trim(pasted);
        var unquoted = Unquoted(Assigned(AfterExport(trimmed)) ?? Assigned(trimmed) ?? trimmed);
        if (!unquoted.EndsWith(';'))
            return Trim(unquoted);

        // Unlike the wizard, which leaves the quotes of KEY="value"; in place.
        return Trim(Unquoted(Trim(unquoted[..^1])));
    }

    private static string AfterExport(string text) =>
        text.StartsWith("export", StringComparison.Ordinal) && text.Length > 6 && IsSpace(text[6]) ? Trim(text[6..]) : text;

    // The value of NAME=value on one line; null if it is not such a text.
    private static string? Assigned(string text)
    {
        var mark = text.IndexOf('=', StringComparison.Ordinal);
        var name = mark < 0 ? "" : Trim(text[..mark]);
        var isName = name.Length > 0 && !char.IsAsciiDigit(name[0])
            && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
        var value = isName ? text[(mark + 1)..] : "";

        // If only base64 padding follows, the name itself is the key.
        return value is "" or "=" || Trim(value).AsSpan().IndexOfAny(LineBreaks) >= 0 ? null : Trim(value);
    }

    private static string Unquoted(string value) =>
        value.Length >= 2 && value[0] == value[^1] && "\"'`".Contains(value[0], StringComparison.Ordinal) ? value[1..^1] : value;

    private static CheckedSecret Sendable(string text, string noun)
    {
        if (HeaderText.Problem(text, noun) is not { } problem)
            return new CheckedSecret(new Secret(text), null);
        var remedy = text.Length > HeaderText.MaxLength ? "" : ": paste it again, as one line";
        return Refused($"T{problem[1..]}{remedy}");
    }

    // Joins lines like OpenClaw 2026.2.9: terminals and mails break long ones.
    private static string OneLine(string text) => string.Concat(text.Where(character => !LineBreaks.Contains(character)));

    private static CheckedSecret Refused(string error) => new(null, error);

    private static bool IsSpace(char character) => HeaderText.IsSpace(character);

    private static string Trim(string text) => HeaderText.Trim(text);
}
