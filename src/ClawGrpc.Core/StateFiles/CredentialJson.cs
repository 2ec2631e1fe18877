namespace ClawGrpc.Core.StateFiles;

/// <summary>A credential in <c>auth-profiles.json</c> (openclaw-spec.md, sections 3.1 and 3.2).</summary>
internal static class CredentialJson
{
    private const string ApiKey = "api_key";
    private const string Token = "token";
    private const string OAuth = "oauth";

    // All members of a credential. The references name a secret kept elsewhere, which a new secret replaces.
    private static readonly string[] Own =
        ["type", "provider", "key", "token", "access", "refresh", "expires", "email", "keyRef", "tokenRef", "oauthRef"];

    /// <summary>The credential; null if OpenClaw would not see one either (section 1.3).</summary>
    public static Credential? Decode(JsonTree? value)
    {
        if (value is not JsonObject entry || entry.TextOf("provider") is not { Length: > 0 } provider)
            return null;
        var email = entry.TextOf("email");
        return entry.TextOf("type") switch
        {
            ApiKey => new ApiKeyCredential(provider, SecretOf(entry, "key"), email) { Reference = ReferenceOf(entry, "key") },
            Token => new TokenCredential(provider, SecretOf(entry, "token"), Times.End(entry["expires"]), email)
            {
                Reference = ReferenceOf(entry, "token"),
            },
            OAuth => OAuthOf(entry, provider, email),
            _ => null,
        };
    }

    /// <summary>The entry for a credential. What is not its own stays from the entry before, if that has the same type.</summary>
    public static JsonObject Encode(JsonObject before, Credential credential)
    {
        var type = credential switch
        {
            ApiKeyCredential => ApiKey,
            TokenCredential => Token,
            OAuthCredential => OAuth,
            _ => throw new InvalidOperationException($"Unknown credential {credential.GetType().Name}."),
        };
        var members = new Dictionary<string, JsonTree?>
        {
            ["type"] = JsonTree.Of(type),
            ["provider"] = JsonTree.Of(credential.Provider),
        };
        switch (credential)
        {
            case ApiKeyCredential apiKey:
                members["key"] = TextOf(apiKey.Key);
                break;
            case TokenCredential token:
                members["token"] = TextOf(token.Token);
                members["expires"] = Times.OfEnd(token.Expires);
                break;
            case OAuthCredential oauth:
                members["access"] = TextOf(oauth.Access);
                members["refresh"] = TextOf(oauth.Refresh);
                members["expires"] = Times.OfEnd(oauth.Expires);
                break;
        }

        members["email"] = credential.Email is { } email ? JsonTree.Of(email) : null;
        var entry = before.TextOf("type") == type ? before : JsonObject.Empty;
        entry = Own.Where(name => !members.ContainsKey(name)).Aggregate(entry, (left, name) => left.With(name, null));
        return members.Aggregate(entry, (left, member) => left.With(member.Key, member.Value));
    }

    /// <summary>The entry for a login that was refreshed: nothing but its tokens and their end changes.</summary>
    public static JsonObject Refresh(JsonObject before, OAuthCredential credential) => before
        .With("access", TextOf(credential.Access)).With("refresh", TextOf(credential.Refresh))
        .With("expires", Times.OfEnd(credential.Expires));

    // The tokens of a login change, so OpenClaw resolves no reference for them: one that stands alone names nothing usable here.
    private static OAuthCredential OAuthOf(JsonObject entry, string provider, string? email)
    {
        var login = new OAuthCredential(
            provider, SecretOf(entry, "access"), SecretOf(entry, "refresh"), Times.EndOrPast(entry["expires"]), email);
        return login is { Access: null, Refresh: null } ? login with { Reference = Reference(entry["oauthRef"]) } : login;
    }

    // The reference beside the secret counts more than it, and in its place as much (OpenClaw 2026.9).
    private static SecretReference? ReferenceOf(JsonObject entry, string name) => Reference(entry[$"{name}Ref"])
        ?? Reference(entry[name]) ?? (entry.TextOf(name) is { } text ? SecretReference.OfText(text) : null);

    private static SecretReference? Reference(JsonTree? value) => value is JsonObject reference
        ? SecretReference.Of(reference.TextOf("source"), reference.TextOf("provider"), reference.TextOf("id"))
        : null;

    private static Secret? SecretOf(JsonObject entry, string name) =>
        entry.TextOf(name) is { } text && new Secret(text) is { IsBlank: false } secret ? secret : null;

    private static JsonString? TextOf(Secret? secret) => secret is null ? null : new JsonString(0, secret.Reveal());
}
