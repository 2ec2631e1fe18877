using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>The log as JSON: an array in order of arrival.</summary>
internal static class RequestsJson
{
    public static byte[] Write(IReadOnlyList<SeenRequest> requests) => Json.Bytes(writer =>
    {
        writer.WriteStartArray();
        foreach (var request in requests)
        {
            Write(writer, request);
        }

        writer.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter writer, SeenRequest request)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", request.Index);
        writer.WriteString("receivedAt", request.ReceivedAt);
        writer.WriteString("method", request.Method);
        writer.WriteString("path", request.Path);
        writer.WriteString("query", request.Query);
        writer.WriteStartArray("headers");
        foreach (var (name, value) in request.Headers)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(name.ToLowerInvariant());
            writer.WriteStringValue(value);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        // Both: the JSON to look at, the text to compare byte for byte.
        if (request.TryJson is { } json)
        {
            writer.WritePropertyName("json");
            json.WriteTo(writer);
        }

        writer.WriteString("body", request.BodyText);
        writer.WriteString("requestId", request.RequestId);
        writer.WriteNumber("status", request.Status);
        writer.WriteString("outcome", request.Outcome.ToString().ToLowerInvariant());
        writer.WriteNumber("eventsSent", request.EventsSent);
        writer.WriteNumber("bytesSent", request.BytesSent);
        if (request.EndedAt is { } ended)
        {
            writer.WriteString("endedAt", ended);
        }

        writer.WriteEndObject();
    }
}
