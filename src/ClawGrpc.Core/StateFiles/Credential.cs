namespace ClawGrpc.Core.StateFiles;

/// <summary>The secret of a profile (openclaw-spec.md, section 3.1).</summary>
/// <param name="Provider">The provider as stored, such as <c>anthropic</c>; never empty.</param>
/// <param name="Email">For display only; null if there is none.</param>
internal abstract record Credential(string Provider, string? Email)
{
    /// <summary>
    /// Where its secret is kept; null if it stands in the file. The file has the reference, never what it comes to.
    /// </summary>
    public SecretReference? Reference { get; init; }

    /// <summary>Why the reference cannot be resolved now; null if it can, or if there is none.</summary>
    public string? ReferenceProblem { get; init; }

    /// <summary>Why its sealed secret does not open, as half a sentence; null if it does, or if it is not sealed.</summary>
    public string? SealProblem { get; init; }

    /// <summary>The same without its secrets, which do not open.</summary>
    public Credential Unopened(string problem) => this switch
    {
        ApiKeyCredential key => key with { Key = null, SealProblem = problem },
        TokenCredential token => token with { Token = null, SealProblem = problem },
        OAuthCredential oauth => oauth with { Access = null, Refresh = null, SealProblem = problem },
        _ => this with { SealProblem = problem },
    };

    /// <summary>The same with what its reference comes to now.</summary>
    public Credential With(ResolvedSecret resolved) => this switch
    {
        ApiKeyCredential key => key with { Key = resolved.Secret, ReferenceProblem = resolved.Problem },
        TokenCredential token => token with { Token = resolved.Secret, ReferenceProblem = resolved.Problem },
        _ => this with { ReferenceProblem = resolved.Problem },
    };
}

/// <summary>An API key (<c>api_key</c>). It never expires.</summary>
/// <param name="Key">The key; null if the file has none or a blank one.</param>
/// <param name="Email">For display only; null if there is none.</param>
internal sealed record ApiKeyCredential(string Provider, Secret? Key, string? Email = null) : Credential(Provider, Email);

/// <summary>A pasted token without a refresh token (<c>token</c>).</summary>
/// <param name="Token">The token; null if the file has none or a blank one.</param>
/// <param name="Expires">
/// When it expires; null if never. Zero, negative and non-numbers in the file mean never (section 3.2).
/// </param>
/// <param name="Email">For display only; null if there is none.</param>
internal sealed record TokenCredential(string Provider, Secret? Token, DateTimeOffset? Expires = null, string? Email = null)
    : Credential(Provider, Email);

/// <summary>An OAuth login with a refresh token (<c>oauth</c>).</summary>
/// <param name="Access">The access token; null if the file has none or a blank one.</param>
/// <param name="Refresh">The refresh token; null if the file has none or a blank one.</param>
/// <param name="Expires">When the access token expires; null if the file does not say, which counts as expired.</param>
/// <param name="Email">For display only; null if there is none.</param>
internal sealed record OAuthCredential(
    string Provider, Secret? Access, Secret? Refresh, DateTimeOffset? Expires, string? Email = null)
    : Credential(Provider, Email);
