using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClawGrpc.Testing;

/// <summary>
/// The script as JSON: an array of faults, or an object with <c>faults</c> and <c>keys</c>. Unknown members are errors.
/// </summary>
public sealed record SandboxScript
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new TimesConverter() },
    };

    public IReadOnlyList<Fault> Faults { get; init; } = [];

    public IReadOnlyList<SandboxKey> Keys { get; init; } = [];

    /// <summary>Reads a script; a single fault is taken as a list of one.</summary>
    /// <exception cref="JsonException">It is not JSON, or not of this shape.</exception>
    public static SandboxScript Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var root = JsonElement.ParseValue(ref reader);
        if (root.ValueKind == JsonValueKind.Array)
        {
            return new() { Faults = Read<List<Fault>>(root) };
        }

        return root.Get("faults") is not null || root.Get("keys") is not null
            ? Read<SandboxScript>(root)
            : new() { Faults = [Read<Fault>(root)] };
    }

    internal static IReadOnlyList<SandboxKey> ParseKeys(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var root = JsonElement.ParseValue(ref reader);
        return root.ValueKind == JsonValueKind.Array ? Read<List<SandboxKey>>(root) : [Read<SandboxKey>(root)];
    }

    private static T Read<T>(JsonElement json) => json.Deserialize<T>(Options) ?? throw new JsonException("null is no script.");

    // "times": "forever" reads better than 2147483647.
    private sealed class TimesConverter : JsonConverter<int>
    {
        public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("forever") ? Fault.Forever : reader.GetInt32();

        public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value);
    }
}
