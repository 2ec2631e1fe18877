using System.Globalization;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Routing;

/// <summary>
/// What a token endpoint's answer to a <c>refresh_token</c> grant means (RFC 6749, sections 5 and 6). The list is closed.
/// </summary>
internal abstract record GrantAnswer
{
    private const int LongestText = 300;

    // Error codes that do not judge the grant.
    private static readonly string[] Passing = ["temporarily_unavailable", "server_error", "slow_down"];

    private GrantAnswer()
    {
    }

    /// <summary>New tokens.</summary>
    /// <param name="Refresh">
    /// The refresh token that replaces the one that was sent; null if that one stays valid.
    /// </param>
    /// <param name="Lifetime">How long the access token is good, from the answer on. Above zero.</param>
    public sealed record Granted(Secret Access, Secret? Refresh, TimeSpan Lifetime) : GrantAnswer;

    /// <summary>The endpoint refuses the refresh token; asking again will not help.</summary>
    /// <param name="Cause">Half a sentence without secrets.</param>
    public sealed record Refused(string Cause) : GrantAnswer;

    /// <summary>The answer does not judge the login; asking again later may help.</summary>
    /// <param name="Cause">Half a sentence without secrets.</param>
    /// <param name="RetryAt">When the endpoint allows another request; null if not stated.</param>
    public sealed record Failed(string Cause, DateTimeOffset? RetryAt = null) : GrantAnswer;

    /// <summary>Reads an answer of any kind; never fails.</summary>
    /// <param name="body">The body, of any kind.</param>
    /// <param name="sent">The refresh token that was sent, which an error may repeat.</param>
    public static GrantAnswer Read(int status, AnswerHeaders headers, ReadOnlyMemory<byte> body, Secret sent, DateTimeOffset now)
    {
        var answer = JsonMembers.OfAny(body);
        if (status is >= 200 and < 300)
        {
            return ReadGrant(answer) is { } grant
                ? grant
                : new Failed($"the token endpoint answered {status} without a bearer token");
        }
        var error = TextOf(answer, "error"u8);
        var cause = $"the token endpoint answered {status}{Words(error, TextOf(answer, "error_description"u8), sent)}";
        var isRefusal = status is 400 or 401 || (status is > 401 and < 500 and not (408 or 425 or 429) && error is not null);
        return isRefusal && !Passing.Contains(error) ? new Refused(cause) : new Failed(cause, headers.RetryAfter(now));
    }

    private static Granted? ReadGrant(JsonMembers answer)
    {
        if (TextOf(answer, "access_token"u8) is not { } access || !IsToken(access))
            return null;
        if (TextOf(answer, "token_type"u8) is { } type && !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return null;
        var refresh = TextOf(answer, "refresh_token"u8) is { } text && IsToken(text) ? new Secret(text) : null;
        return new Granted(new Secret(access), refresh, LifetimeOf(answer));
    }

    // Assumes an hour if the lifetime is missing or invalid, so that not every call refreshes; a 401 reveals a shorter one.
    private static TimeSpan LifetimeOf(JsonMembers answer)
    {
        var isNumber = double.TryParse(
            answer.Find("expires_in"u8).Span, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds);
        return isNumber && seconds >= 1
            ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(3650).TotalSeconds))
            : TimeSpan.FromHours(1);
    }

    // Other characters cannot be sent in a header.
    private static bool IsToken(string text) => text.Length > 0 && text.All(character => character is > ' ' and <= '~');

    private static string Words(string? error, string? description, Secret sent)
    {
        if (error is null)
            return "";
        var words = description is null ? $": {error}" : $": {error} ({description})";
        words = new string([.. words.Select(character => char.IsControl(character) ? ' ' : character)]);
        words = SecretForms.Of(sent).MaskCut(words, sent.Mask());
        if (words.Length <= LongestText)
            return words;

        // Does not cut a surrogate pair, which no message could carry.
        var length = char.IsHighSurrogate(words[LongestText - 1]) ? LongestText - 1 : LongestText;
        return $"{words[..length]}…";
    }

    // Invalid UTF-8 and half surrogate pairs become U+FFFD, which no token contains.
    private static string? TextOf(JsonMembers answer, ReadOnlySpan<byte> name) =>
        answer.Find(name) is var value && value.Span.StartsWith("\""u8) ? JsonText.Decode(value.Span[1..^1]) : null;
}
