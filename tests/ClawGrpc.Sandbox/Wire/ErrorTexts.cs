namespace ClawGrpc.Testing;

/// <summary>
/// Error texts recorded of the API or quoted in public issues (anthropic-api.md 4). Wording changes without notice.
/// </summary>
public static class ErrorTexts
{
    public const string InvalidApiKey = "invalid x-api-key";
    public const string OAuthNotSupported = "OAuth authentication is currently not supported.";
    public const string OAuthExpired = "OAuth token has expired. Please obtain a new token or refresh your existing token.";
    public const string OAuthInvalid = "Invalid OAuth token. The provided token was not found or is malformed.";
    public const string OAuthRevoked = "OAuth token has been revoked. Please obtain a new token.";
    public const string OAuthNotAllowed = "OAuth authentication is currently not allowed for this organization.";
    public const string CreditBalance =
        "Your credit balance is too low to access the Anthropic API. "
        + "Please go to Plans & Billing to upgrade or purchase credits.";
    public const string NoPermission = "Your API key does not have permission to use the specified resource.";
    public const string ClaudeCodeOnly =
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.";
    public const string RateLimit = "This request would exceed your account's rate limit. Please try again later.";
    public const string SpendLimit = "This request would exceed your account's monthly spend limit. Please try again later.";
    public const string OrganizationDisabled = "This organization has been disabled.";
    public const string Overloaded = "Overloaded";
}
