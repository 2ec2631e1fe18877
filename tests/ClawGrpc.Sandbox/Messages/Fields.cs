using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// The members that a body may have at its top, their JSON kinds, and the betas that some of them need (anthropic-api.md
/// 1.2).
/// </summary>
internal static class Fields
{
    private const string Text = "string";
    private const string Integer = "integer";
    private const string Number = "number";
    private const string Bool = "boolean";
    private const string List = "list";
    private const string Map = "dictionary";
    private const string Any = "";

    private static readonly Dictionary<string, (string Kind, string? Beta)> Known = new(StringComparer.Ordinal)
    {
        ["model"] = (Text, null),
        ["max_tokens"] = (Integer, null),
        ["messages"] = (List, null),
        ["system"] = (Any, null),
        ["cache_control"] = (Map, null),
        ["stream"] = (Bool, null),
        ["stop_sequences"] = (List, null),
        ["temperature"] = (Number, null),
        ["top_p"] = (Number, null),
        ["top_k"] = (Integer, null),
        ["thinking"] = (Map, null),
        ["output_config"] = (Map, null),
        ["tools"] = (List, null),
        ["tool_choice"] = (Map, null),
        ["metadata"] = (Map, null),
        ["service_tier"] = (Text, null),
        ["speed"] = (Text, null),
        ["container"] = (Any, null),
        ["inference_geo"] = (Text, null),
        ["diagnostics"] = (Map, null),
        ["context_management"] = (Map, "context-management-|compact-"),
        ["compaction"] = (Map, "compact-"),
        ["mcp_servers"] = (List, "mcp-client-"),
        ["fallbacks"] = (Any, "server-side-fallback-"),
        ["fallback_credit_token"] = (Text, "fallback-credit-"),
        ["thread"] = (Map, "message-threads-"),
        ["billing_policy"] = (Map, "user-profiles-billing-"),
        ["output_format"] = (Map, "structured-outputs-"),
    };

    private static readonly string[] Generation =
    [
        "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata", "service_tier", "container",
        "inference_geo",
    ];

    /// <summary>What is wrong with the members and their kinds; null when nothing is.</summary>
    /// <param name="body">The body, an object.</param>
    /// <param name="betas">Values of <c>anthropic-beta</c>.</param>
    /// <param name="isCount">Whether it is for <c>count_tokens</c>, which takes no generation members.</param>
    public static string? Check(JsonElement body, IReadOnlyList<string> betas, bool isCount)
    {
        string[] required = isCount ? ["messages", "model"] : ["max_tokens", "messages", "model"];
        return required.FirstOrDefault(name => !body.TryGetProperty(name, out _)) is { } missing
            ? $"{missing}: Field required"
            : body.EnumerateObject().Select(member => Check(member, betas, isCount)).FirstOrDefault(error => error is not null);
    }

    private static string? Check(JsonProperty member, IReadOnlyList<string> betas, bool isCount)
    {
        if (!Known.TryGetValue(member.Name, out var field)
            || (isCount && Generation.Contains(member.Name))
            || (field.Beta is { } prefixes && !betas.Any(beta => Begins(beta, prefixes))))
        {
            return $"{member.Name}: Extra inputs are not permitted";
        }

        var isGood = field.Kind switch
        {
            _ when member.Value.ValueKind == JsonValueKind.Null => member.Name is not ("model" or "max_tokens" or "messages"),
            Text => member.Value.ValueKind == JsonValueKind.String,
            Integer => member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out _),
            Number => member.Value.ValueKind == JsonValueKind.Number,
            Bool => member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            List => member.Value.ValueKind == JsonValueKind.Array,
            Map => member.Value.ValueKind == JsonValueKind.Object,
            _ => true,
        };
        return isGood ? null : $"{member.Name}: Input should be a valid {field.Kind}";
    }

    private static bool Begins(string beta, string prefixes) =>
        prefixes.Split('|').Any(prefix => beta.StartsWith(prefix, StringComparison.Ordinal));
}
