using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>Whether two texts are the same JSON: members in any order, numbers by value.</summary>
internal static class SameJson
{
    /// <summary>Where they differ first, and how; null if they do not.</summary>
    public static string? Difference(JsonElement one, ReadOnlyMemory<byte> other)
    {
        using var given = JsonDocument.Parse(other);
        return Difference(one, given.RootElement, "$");
    }

    private static string? Difference(JsonElement one, JsonElement other, string path)
    {
        if (one.ValueKind != other.ValueKind)
            return $"{path}: {one.ValueKind} and {other.ValueKind}";
        switch (one.ValueKind)
        {
            case JsonValueKind.Object:
                var names = one.EnumerateObject().Concat(other.EnumerateObject()).Select(member => member.Name).Distinct();
                return names.Select(name => Member(one, other, name, $"{path}.{name}"))
                    .FirstOrDefault(found => found is not null);
            case JsonValueKind.Array:
                if (one.GetArrayLength() != other.GetArrayLength())
                    return $"{path}: {one.GetArrayLength()} and {other.GetArrayLength()} items";
                return one.EnumerateArray().Zip(other.EnumerateArray())
                    .Select((pair, index) => Difference(pair.First, pair.Second, $"{path}[{index}]"))
                    .FirstOrDefault(found => found is not null);
            case JsonValueKind.Number:
                return one.GetDouble().Equals(other.GetDouble()) ? null : $"{path}: {one} and {other}";
            default:
                return one.ToString() == other.ToString() ? null : $"{path}: {one} and {other}";
        }
    }

    private static string? Member(JsonElement one, JsonElement other, string name, string path) =>
        !one.TryGetProperty(name, out var first) ? $"{path}: only on the right"
        : !other.TryGetProperty(name, out var second) ? $"{path}: only on the left"
        : Difference(first, second, path);
}
