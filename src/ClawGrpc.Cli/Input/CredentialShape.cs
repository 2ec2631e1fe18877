namespace ClawGrpc.Cli.Input;

/// <summary>What a person who pastes a secret can be told at once. The server has the last word.</summary>
internal static class CredentialShape
{
    private const string TokenPrefix = "sk-ant-oat01-";
    private const int ShortestToken = 80;
    private const int ShortestKey = 40;

    /// <summary>Why this cannot be an API key; null if it may be one.</summary>
    public static string? KeyProblem(string pasted) => pasted switch
    {
        _ when string.IsNullOrWhiteSpace(pasted) => "Required",
        _ when pasted.Contains("sk-ant-oat", StringComparison.Ordinal) =>
            "This is a setup-token, not an API key: onboard it as a setup-token",
        _ when pasted.Contains("sk-ant-admin", StringComparison.Ordinal) =>
            "This is an admin key, which cannot call models: create an API key in the Anthropic Console and paste that",
        _ when Secrets.Mask(pasted).Contains(Secrets.TokenPrefix + "…", StringComparison.Ordinal) =>
            "This is a token of ClawGrpc, not an API key of Anthropic",
        _ => null,
    };

    /// <summary>Whether it looks like an API key of the Anthropic Console. Gateways in between may have others.</summary>
    public static bool LooksLikeKey(string pasted) =>
        pasted.Contains("sk-ant-api", StringComparison.Ordinal) && pasted.Trim().Length >= ShortestKey;

    /// <summary>Why this cannot be a setup-token; null if it may be one.</summary>
    public static string? TokenProblem(string pasted)
    {
        var token = string.Concat(pasted.Where(character => !char.IsWhiteSpace(character)));
        if (token.Length == 0)
            return "Required";
        if (!token.StartsWith(TokenPrefix, StringComparison.Ordinal))
        {
            var isKey = token.StartsWith("sk-ant-api", StringComparison.Ordinal);
            return $"Expected token starting with {TokenPrefix}" + (isKey ? ": this is an API key, onboard it as one" : "");
        }

        return token.Length < ShortestToken ? "Token looks too short; paste the full setup-token" : null;
    }
}
