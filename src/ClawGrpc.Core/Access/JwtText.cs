using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text.Json;

namespace ClawGrpc.Core.Access;

/// <summary>Reads what a signed token says from its text.</summary>
internal static class JwtText
{
    private const double LastSecond = 253_402_300_799;

    // With a member twice, who signed and who verifies could read different things.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>What it says.</summary>
    /// <returns>The facts, or half a sentence on why the text is no token, for the log alone.</returns>
    public static (JwtFacts? Facts, string Why) Read(string token)
    {
        if (token.Length > JwtRules.LongestToken)
            return (null, $"it is longer than {JwtRules.LongestToken} characters");
        try
        {
            // The decoder would pass over white space and padding.
            if (!token.All(each => char.IsAsciiLetterOrDigit(each) || each is '-' or '_' or '.')
                || token.Split('.') is not [var head, var body, { Length: > 0 }])
            {
                return (null, "it is no signed token of three parts");
            }

            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(head), Strict);
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(body), Strict);
            return header.RootElement.ValueKind == JsonValueKind.Object && payload.RootElement.ValueKind == JsonValueKind.Object
                ? (FactsOf(header.RootElement, payload.RootElement), "")
                : (null, "its parts are no JSON objects");
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            return (null, "its parts are no base64url of JSON");
        }
    }

    private static JwtFacts FactsOf(JsonElement header, JsonElement payload) => new(
        TextOf(header, "alg") ?? "", TextOf(payload, "iss") ?? "", TextOf(payload, "sub") ?? "", AudiencesOf(payload))
    {
        KeyId = TextOf(header, "kid"),
        HasCritical = header.TryGetProperty("crit", out _),
        IssuedAt = TimeOf(payload, "iat"),
        NotBefore = TimeOf(payload, "nbf"),
        Expires = TimeOf(payload, "exp"),
        Claims = payload.EnumerateObject().Where(claim => claim.Value.ValueKind == JsonValueKind.String)
            .ToImmutableDictionary(claim => claim.Name, claim => claim.Value.GetString()!, StringComparer.Ordinal),
    };

    private static ImmutableArray<string> AudiencesOf(JsonElement payload)
    {
        if (!payload.TryGetProperty("aud", out var audience))
            return [];
        return audience.ValueKind switch
        {
            JsonValueKind.String => [audience.GetString()!],
            JsonValueKind.Array =>
            [
                .. audience.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String)
                    .Select(each => each.GetString()!),
            ],
            _ => [],
        };
    }

    private static string? TextOf(JsonElement part, string name) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // A time that is no number, or no time, is the same as none for the end, and never comes for the others.
    private static DateTimeOffset? TimeOf(JsonElement payload, string name)
    {
        if (!payload.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= LastSecond)
            return DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return name == "exp" ? null : DateTimeOffset.MaxValue;
    }
}
