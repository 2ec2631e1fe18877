using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Completions;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Http;

/// <summary>A request of the Messages API, as it comes over HTTP.</summary>
internal static class MessagesRequest
{
    /// <summary>As many bytes as Anthropic takes.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private const string Own = "x-clawgrpc-";
    private const string OwnSession = $"{Own}session";
    private const string Version = "anthropic-version";
    private const string Beta = "anthropic-beta";
    private const int LongestSession = 200;

    // Of Claude Code; says nothing about browsers.
    private const string DirectBrowserAccess = "anthropic-dangerous-direct-browser-access";

    // They name the caller's kind of credential; that of the serving profile decides.
    private static readonly string[] BetasOfCredentials = ["oauth-", "oidc-federation-"];

    private static readonly string[] OwnHeaders = ["agent", "session", "cache-retention", "fallbacks", "profile"];

    /// <summary>Reads the head and the body of a request.</summary>
    /// <exception cref="RefusedException">A header is wrong, or the body is too long.</exception>
    public static async Task<CompletionRequest> ReadAsync(HttpContext context, Caller caller, bool subscriptions)
    {
        var headers = context.Request.Headers;
        var errors = new FieldErrors();
        var version = $"{headers[Version]}";
        if (version.Length == 0)
            errors.Add(Version, "header is required");
        var retention = RetentionOf($"{headers[$"{Own}cache-retention"]}", errors);
        var fallbacks = $"{headers[$"{Own}fallbacks"]}";
        if (fallbacks is not ("" or "allow" or "deny"))
            errors.Add($"{Own}fallbacks", "Expected allow or deny");
        if ($"{headers[OwnSession]}" is { Length: > 0 } given && !IsSession(given))
            errors.Add(OwnSession, $"Expected at most {LongestSession} printable characters");
        foreach (var name in headers.Keys.Where(IsUnknownOwn))
            errors.Add(name.ToLowerInvariant(), $"Unknown. Known: {string.Join(", ", OwnHeaders.Select(own => Own + own))}");
        Refusal.IfAny(errors);
        var body = await ReadBodyAsync(context);
        return new CompletionRequest
        {
            Caller = caller,
            AgentId = $"{headers[$"{Own}agent"]}",
            SessionId = SessionOf(headers, body),
            ProfileId = $"{headers[$"{Own}profile"]}",
            Body = body,
            Retention = retention,
            Fallbacks = fallbacks == "allow",
            Subscriptions = subscriptions,
            IsVerbatim = true,
            AnthropicVersion = version,
            Betas = BetasOf(headers),
            Headers = ForwardedOf(headers),
        };
    }

    private static bool IsUnknownOwn(string name) => name.StartsWith(Own, StringComparison.OrdinalIgnoreCase)
        && !OwnHeaders.Contains(name[Own.Length..].ToLowerInvariant());

    private static Retention? RetentionOf(string text, FieldErrors errors)
    {
        switch (text)
        {
            case "":
                return null;
            case "none":
                return Retention.None;
            case "short":
                return Retention.Short;
            case "long":
                return Retention.Long;
            default:
                errors.Add($"{Own}cache-retention", "Expected none, short or long");
                return null;
        }
    }

    private static ImmutableArray<string> BetasOf(IHeaderDictionary headers) =>
    [
        .. AnthropicBeta.Union(headers[Beta].OfType<string>())
            .Where(beta => !BetasOfCredentials.Any(prefix => beta.StartsWith(prefix, StringComparison.Ordinal))),
    ];

    // An open list: Anthropic adds headers, and each release of a client may use them.
    private static ImmutableArray<KeyValuePair<string, string>> ForwardedOf(IHeaderDictionary headers)
    {
        var forwarded = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        var ofConnection = headers.Connection.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in headers)
        {
            var lower = name.ToLowerInvariant();
            if (lower.StartsWith("anthropic-", StringComparison.Ordinal) && lower is not (Version or Beta or DirectBrowserAccess)
                && !ofConnection.Contains(lower) && RequestHeaders.Problem(lower, $"{values}") is null)
            {
                forwarded.Add(KeyValuePair.Create(lower, $"{values}"));
            }
        }

        return forwarded.ToImmutable();
    }

    // The caller's own key, else the session of Claude Code: in a header, or inside the text of metadata.user_id.
    private static string SessionOf(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        foreach (var name in new[] { OwnSession, "x-claude-code-session-id" })
        {
            if (headers[name] is [{ } session] && IsSession(session))
                return session;
        }

        var user = JsonMembers.OfAny(body).Find("metadata"u8) is { Length: > 0 } metadata && metadata.Span[0] == '{'
            ? FoldedMessage.Text(new JsonMembers(metadata).Find("user_id"u8))
            : "";
        return SessionOfUser(user) is var found && IsSession(found) ? found : "";
    }

    private static bool IsSession(string text) => text.Length is > 0 and <= LongestSession && !text.Any(char.IsControl);

    private static string SessionOfUser(string user)
    {
        const string mark = "_session_";
        if (!user.StartsWith('{'))
            return user.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? user[(at + mark.Length)..] : "";
        try
        {
            using var json = JsonDocument.Parse(user);
            return json.RootElement.TryGetProperty("session_id", out var session) && session.ValueKind == JsonValueKind.String
                ? session.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MostBytes)
            throw TooLarge();
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            throw Refusal.InvalidField(
                "content-encoding", "Expected none: a small request can unpack to a very large one").ToException();
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MostBytes;
        var body = context.Request.BodyReader;
        try
        {
            while (true)
            {
                var read = await body.ReadAsync(context.RequestAborted);
                if (!read.IsCompleted)
                {
                    body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                var whole = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return whole;
            }
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge();
        }
    }

    private static RefusedException TooLarge() => (Refusal.InvalidField(
        "request", $"Expected at most {MostBytes} bytes, which Anthropic takes") with
    {
        HttpStatus = StatusCodes.Status413PayloadTooLarge,
    }).ToException();
}
