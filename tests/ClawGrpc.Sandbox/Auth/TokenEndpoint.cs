using System.Collections.Concurrent;
using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// <c>POST /v1/oauth/token</c> (anthropic-api.md 6.2): refresh tokens that rotate, and the exchange of a workload's identity
/// token. Errors
/// have the shape of RFC 6749, not the envelope.
/// </summary>
internal sealed class TokenEndpoint(SandboxOptions options, KeyRing keys, Ids ids)
{
    private const string JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    // Every refresh token stands for the login it descends from; null once it was used.
    private readonly ConcurrentDictionary<string, string?> _logins = new(StringComparer.Ordinal);

    public Reply Answer(SeenRequest request) => request.TryJson is not { ValueKind: JsonValueKind.Object } body
        ? Refuse("invalid_request", "The request body is not valid JSON.")
        : body.GetText("grant_type") switch
        {
            "refresh_token" => Refresh(body),
            JwtBearer => Exchange(request, body),
            _ => Refuse("unsupported_grant_type", "Unsupported grant type"),
        };

    private Reply Refresh(JsonElement body)
    {
        var given = body.GetText("refresh_token") ?? "";
        if (body.GetText("client_id") is null)
        {
            return Refuse("invalid_request", "client_id is required");
        }

        // A login of its own begins with the first refresh token seen of it, unless only configured keys are good.
        var isNew = given.StartsWith("sk-ant-ort01-", StringComparison.Ordinal) && options.AcceptUnknownKeys;
        var login = isNew ? _logins.GetOrAdd(given, given) : _logins.GetValueOrDefault(given);
        if (login is null || !_logins.TryUpdate(given, null, login))
        {
            return Refuse("invalid_grant", "Refresh token not found or invalid");
        }

        var next = ids.Next("sk-ant-ort01-FAKE-");
        _logins[next] = login;
        var token = new SandboxKey(ids.Next("sk-ant-oat01-FAKE-"), Workspace: Account.Of(new(login), plan: true).Workspace);
        return Grant(token, next, "user:inference user:profile");
    }

    private Reply Exchange(SeenRequest request, JsonElement body)
    {
        if (!request.Betas.Contains("oauth-2025-04-20") || !request.Betas.Contains("oidc-federation-2026-04-01"))
        {
            return Refuse("invalid_request", "anthropic-beta must name oauth-2025-04-20 and oidc-federation-2026-04-01");
        }

        string[] required = ["assertion", "federation_rule_id", "organization_id"];
        var missing = required.FirstOrDefault(name => body.GetText(name) is null);
        if (missing is not null)
        {
            return Refuse("invalid_request", $"{missing} is required");
        }

        if (body.GetText("assertion")!.Split('.').Length != 3)
        {
            return Refuse("invalid_grant", "The assertion is not a JWT");
        }

        var token = new SandboxKey(ids.Next("sk-ant-oat01-FAKE-"), body.GetText("organization_id"), body.GetText("workspace_id"));
        return Grant(token, refreshToken: null, "user:inference");
    }

    private Reply Grant(SandboxKey token, string? refreshToken, string scope)
    {
        keys.Mint(token, options.TimeProvider.GetUtcNow() + options.AccessTokenLifetime, isPlan: refreshToken is not null);
        return Reply.Ok(Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("token_type", "Bearer");
            writer.WriteString("access_token", token.Key);
            writer.WriteNumber("expires_in", (long)options.AccessTokenLifetime.TotalSeconds);
            if (refreshToken is not null)
            {
                writer.WriteString("refresh_token", refreshToken);
            }

            writer.WriteString("scope", scope);
            writer.WriteEndObject();
        }));
    }

    private static Reply Refuse(string error, string description)
    {
        var body = Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", error);
            writer.WriteString("error_description", description);
            writer.WriteEndObject();
        });
        return Reply.Ok(body) with { Status = 400 };
    }
}
