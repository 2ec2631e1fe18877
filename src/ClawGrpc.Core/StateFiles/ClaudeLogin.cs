
namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// The login of the Claude CLI as a profile (openclaw-spec.md, section 3.5). It stays the CLI's: ClawGrpc takes over what the CLI
/// has, and neither refreshes nor writes it.
/// </summary>
internal static class ClaudeLogin
{
    /// <summary>Its profile.</summary>
    public const string ProfileId = "anthropic:claude-cli";

    /// <summary>Reads the CLI's file of credentials.</summary>
    /// <param name="text">The whole file.</param>
    /// <returns>An OAuth login, or a token when it cannot be refreshed; null: there is none in it.</returns>
    public static Credential? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (JsonTreeParser.Parse(text, out _) is not JsonObject root)
            return null;
        var login = root.ObjectOf("claudeAiOauth");
        if (login.TextOf("accessToken") is not { Length: > 0 } access || Times.End(login["expiresAt"]) is not { } expires)
            return null;
        return login.TextOf("refreshToken") is { Length: > 0 } refresh
            ? new OAuthCredential(Provider.Anthropic, new Secret(access), new Secret(refresh), expires)
            : new TokenCredential(Provider.Anthropic, new Secret(access), expires);
    }

    /// <summary>Whether the CLI's login takes the place of the stored one: it does when it lasts longer or can do more, never when it can do less.</summary>
    /// <param name="stored">The credential of <see cref="ProfileId"/>; null: none is stored.</param>
    /// <param name="live">What the CLI has now.</param>
    /// <param name="now">The time.</param>
    public static bool Replaces(Credential? stored, Credential live, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(live);
        if (stored is not (OAuthCredential or TokenCredential) || stored.Provider != Provider.Anthropic)
            return true;
        if (stored.GetType() != live.GetType())
            return live is OAuthCredential;
        var (before, after) = (Expiry.Of(stored), Expiry.Of(live));
        if (SecretOf(stored) == SecretOf(live) && before == after)
            return false;
        var isStoredOver = before is not { } end || end <= now;
        return isStoredOver || (after > now && after > before);
    }

    private static string? SecretOf(Credential credential) => credential switch
    {
        OAuthCredential oauth => oauth.Access?.Reveal(),
        TokenCredential token => token.Token?.Reveal(),
        _ => null,
    };
}
