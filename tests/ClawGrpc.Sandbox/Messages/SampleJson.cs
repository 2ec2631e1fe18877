using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>A value that fits a JSON schema of the usual kind: all properties of an object, the first of an enum.</summary>
internal static class SampleJson
{
    private const int MaximumDepth = 8;

    public static string Of(JsonElement schema) =>
        System.Text.Encoding.UTF8.GetString(Json.Bytes(writer => Write(writer, schema, "value", 0)));

    private static void Write(Utf8JsonWriter writer, JsonElement schema, string name, int depth)
    {
        if (schema.Get("const") is { } constant)
        {
            constant.WriteTo(writer);
        }
        else if (schema.GetItems("enum").ToList() is [var first, ..])
        {
            first.WriteTo(writer);
        }
        else
        {
            WriteOfType(writer, schema, name, depth);
        }
    }

    private static void WriteOfType(Utf8JsonWriter writer, JsonElement schema, string name, int depth)
    {
        var type = schema.GetText("type") ?? schema.GetItems("type").FirstOrDefault().ToString();
        switch (type)
        {
            case "object" or "" when depth < MaximumDepth:
                writer.WriteStartObject();
                WriteProperties(writer, schema, depth);
                writer.WriteEndObject();
                break;
            case "array" when depth < MaximumDepth:
                writer.WriteStartArray();
                Write(writer, schema.Get("items") ?? default, name, depth + 1);
                writer.WriteEndArray();
                break;
            case "integer" or "number":
                writer.WriteNumberValue(schema.GetInteger("minimum") ?? 1);
                break;
            case "boolean":
                writer.WriteBooleanValue(true);
                break;
            case "string":
                writer.WriteStringValue($"sample {name}");
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteProperties(Utf8JsonWriter writer, JsonElement schema, int depth)
    {
        if (schema.Get("properties") is not { ValueKind: JsonValueKind.Object } properties)
        {
            return;
        }

        foreach (var property in properties.EnumerateObject())
        {
            writer.WritePropertyName(property.Name);
            Write(writer, property.Value, property.Name, depth + 1);
        }
    }
}
