
namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// The login of the Claude CLI as a profile (openclaw-spec.md, section 3.5). It stays the CLI's: ClawGrpc only reads it, and
/// neither refreshes nor writes it.
/// </summary>
internal static class ClaudeLogin
{
    /// <summary>Its profile.</summary>
    public const string ProfileId = "anthropic:claude-cli";

    /// <summary>Reads the CLI's file of credentials.</summary>
    /// <returns>An OAuth login, or a token when it cannot be refreshed; null if there is none in it.</returns>
    public static Credential? Parse(string text)
    {
        if (JsonTreeParser.Parse(text, out _) is not JsonObject root)
            return null;
        var login = root.ObjectOf("claudeAiOauth");
        if (login.TextOf("accessToken") is not { Length: > 0 } access || Times.End(login["expiresAt"]) is not { } expires)
            return null;
        return login.TextOf("refreshToken") is { Length: > 0 } refresh
            ? new OAuthCredential(Provider.Anthropic, new Secret(access), new Secret(refresh), expires)
            : new TokenCredential(Provider.Anthropic, new Secret(access), expires);
    }

    /// <summary>
    /// Whether the CLI's login replaces the stored one: if it lasts longer or can be refreshed, never if it can do less or cannot
    /// be sent. One whose sealed secret does not open is never replaced but by its owner.
    /// </summary>
    /// <param name="stored">The credential of <see cref="ProfileId"/>; null if none is stored.</param>
    public static bool Replaces(Credential? stored, Credential live, DateTimeOffset now)
    {
        if (stored is not (OAuthCredential or TokenCredential) || stored.Provider != Provider.Anthropic)
            return true;
        if (stored.SealProblem is not null)
            return false;
        if (!IsSendable(live) && IsSendable(stored))
            return false;
        if (stored.GetType() != live.GetType())
            return live is OAuthCredential;
        var (before, after) = (Expiry.Of(stored), Expiry.Of(live));
        if (SecretOf(stored) == SecretOf(live) && before == after)
            return false;
        var isStoredOver = before is not { } end || end <= now;
        return isStoredOver || (after > now && after > before);
    }

    /// <summary>Why no header can carry a login; null if one can.</summary>
    public static string? Problem(Credential login) =>
        SecretOf(login) is { } text ? HeaderText.Problem(HeaderText.Trim(text), "token") : null;

    private static bool IsSendable(Credential login) => Problem(login) is null;

    private static string? SecretOf(Credential credential) => credential switch
    {
        OAuthCredential oauth => oauth.Access?.Reveal(),
        TokenCredential token => token.Token?.Reveal(),
        _ => null,
    };
}
