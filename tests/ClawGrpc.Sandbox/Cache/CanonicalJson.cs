using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>JSON as the cache compares it: order of members kept, white space and every <c>cache_control</c> left out.</summary>
internal static class CanonicalJson
{
    public static byte[] Of(JsonElement element) => Json.Bytes(writer => Write(writer, element));

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().Where(member => member.Name != "cache_control"))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
