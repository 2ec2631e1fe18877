using System.Collections.Concurrent;

namespace ClawGrpc.Testing;

/// <summary>Who may call. Answers with the error bodies recorded of the API (anthropic-api.md 4).</summary>
internal sealed class KeyRing
{
    private const string ApiKey = "sk-ant-api03-";
    private const string AccessToken = "sk-ant-oat01-";
    private readonly ConcurrentDictionary<string, SandboxKey> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _expiry = new(StringComparer.Ordinal);
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

    /// <summary>Makes an access token good until <paramref name="expires"/>.</summary>
    public void Add(SandboxKey key, DateTimeOffset expires)
    {
        Add(key);
        _expiry[key.Key] = expires;
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

        if (_expiry.TryGetValue(token, out var expires) && expires <= _options.TimeProvider.GetUtcNow())
        {
            return Refuse(ErrorTexts.OAuthExpired);
        }

        return IsGood(token, AccessToken) ? Accept(token) : Refuse(ErrorTexts.OAuthInvalid);
    }

    private bool IsGood(string key, string prefix) =>
        _known.ContainsKey(key)
        || (_options.AcceptUnknownKeys && key.Length > prefix.Length && key.StartsWith(prefix, StringComparison.Ordinal));

    // A token minted for a workload has a known expiry and an API account; the others are subscription logins.
    private (Account?, ApiError?) Accept(string key) =>
        (Account.Of(_known.GetValueOrDefault(key) ?? new SandboxKey(key), IsPlan(key)), null);

    private static bool IsPlan(string key) => key.StartsWith(AccessToken, StringComparison.Ordinal);

    private static (Account?, ApiError?) Refuse(string message) => (null, ApiError.Of(401, message));
}
