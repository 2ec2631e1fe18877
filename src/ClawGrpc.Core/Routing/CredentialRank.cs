using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Routing;

/// <summary>Which kind of credential is tried before which, where no order of profiles is set.</summary>
/// <param name="OAuth">The rank of logins; the lowest is tried first.</param>
/// <param name="Token">The rank of tokens.</param>
/// <param name="ApiKey">The rank of API keys.</param>
internal sealed record CredentialRank(int OAuth, int Token, int ApiKey)
{
    /// <summary>As OpenClaw and its earlier names select (openclaw-spec.md, section 4.1).</summary>
    public static readonly CredentialRank LoginsFirst = new(OAuth: 0, Token: 1, ApiKey: 2);

    /// <summary>In folders of ClawGrpc's own: a person's subscription serves services only when no API key can.</summary>
    public static readonly CredentialRank KeysFirst = new(OAuth: 1, Token: 2, ApiKey: 0);

    /// <summary>The rank of a credential.</summary>
    public int Of(Credential credential) => credential switch
    {
        OAuthCredential => OAuth,
        TokenCredential => Token,
        _ => ApiKey,
    };
}
