using System.Collections.Concurrent;

namespace ClawGrpc.Testing;

/// <summary>Who may call. Answers with the error bodies recorded of the API (anthropic-api.md 4).</summary>
internal sealed class KeyRing
{
    private const string ApiKey = "sk-ant-api03-";
    private const string AccessToken = "sk-ant-oat01-";
    private readonly ConcurrentDictionary<string, SandboxKey> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Minted> _minted = new(StringComparer.Ordinal);
    private readonly SandboxOptions _options;

    public KeyRing(SandboxOptions options)
    {
        _options = options;
        foreach (var key in options.Keys)
        {
            Add(key);
        }
    }

    public void Add(SandboxKey key) => _known[key.Key] = key;

    /// <summary>Makes an access token good for a time.</summary>
    /// <param name="token">The token.</param>
    /// <param name="expires">When it ends.</param>
    /// <param name="isPlan">Whether it is a subscription's; otherwise a workload's, whose account is an API account.</param>
    public void Mint(SandboxKey token, DateTimeOffset expires, bool isPlan)
    {
        _minted[token.Key] = new(expires, isPlan);
        Add(token);
    }

    /// <summary>Who sent this request; otherwise the error to answer, and no account.</summary>
    public (Account? Account, ApiError? Error) Authenticate(SeenRequest request)
    {
        var apiKey = request.Header("x-api-key");
        var bearer = request.BearerToken;
        if (apiKey is not null && request.Header("authorization") is not null)
        {
            // No recording of this refusal exists; the SDKs refuse to send it (anthropic-api.md 2.1).
            return Refuse("Only one of x-api-key and authorization may be sent.");
        }

        return (apiKey, bearer) switch
        {
            ({ } key, _) => IsGood(key, ApiKey) ? Accept(key) : Refuse("invalid x-api-key"),
            (_, { } token) when token.StartsWith(AccessToken, StringComparison.Ordinal) => AuthenticateToken(request, token),
            (_, { } key) => IsGood(key, ApiKey) ? Accept(key) : Refuse("Invalid bearer token"),
            _ => Refuse("x-api-key header is required"),
        };
    }

    private (Account?, ApiError?) AuthenticateToken(SeenRequest request, string token)
    {
        if (!request.Betas.Contains("oauth-2025-04-20"))
        {
            return Refuse(ErrorTexts.OAuthNotSupported);
        }

        if (_minted.TryGetValue(token, out var minted) && minted.Expires <= _options.TimeProvider.GetUtcNow())
        {
            return Refuse(ErrorTexts.OAuthExpired);
        }

        return IsGood(token, AccessToken) ? Accept(token) : Refuse(ErrorTexts.OAuthInvalid);
    }

    private bool IsGood(string key, string prefix) =>
        _known.ContainsKey(key)
        || (_options.AcceptUnknownKeys && key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The account behind a credential, good or not.</summary>
    public Account AccountOf(string key)
    {
        // The prefix alone does not tell a subscription's token from a workload's; one that was not minted here counts
        // as a setup-token.
        var isPlan = _minted.TryGetValue(key, out var minted)
            ? minted.IsPlan
            : key.StartsWith(AccessToken, StringComparison.Ordinal);
        return Account.Of(_known.GetValueOrDefault(key) ?? new SandboxKey(key), isPlan);
    }

    private (Account?, ApiError?) Accept(string key) => (AccountOf(key), null);

    private static (Account?, ApiError?) Refuse(string message) => (null, ApiError.Of(401, message));

    private sealed record Minted(DateTimeOffset Expires, bool IsPlan);
}
