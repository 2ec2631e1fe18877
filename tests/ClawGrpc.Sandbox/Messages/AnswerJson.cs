using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>An answer as the JSON of <c>POST /v1/messages</c> without <c>stream</c>.</summary>
internal static class AnswerJson
{
    public static byte[] Write(Answer answer, InputUsage usage) => Json.Bytes(writer =>
    {
        WriteHead(writer, answer);
        writer.WriteStartArray("content");
        foreach (var block in answer.Blocks)
        {
            WriteBlock(writer, block);
        }

        writer.WriteEndArray();
        writer.WriteString("stop_reason", answer.StopReason);
        writer.WriteString("stop_sequence", answer.StopSequence);
        writer.WriteNull("stop_details");
        usage.WriteMember(writer, answer.Blocks.Count == 0 ? 0 : answer.OutputTokens);
        writer.WriteEndObject();
    });

    /// <summary>Opens the message object and writes what comes before its content.</summary>
    public static void WriteHead(Utf8JsonWriter writer, Answer answer)
    {
        writer.WriteStartObject();
        writer.WriteString("model", answer.Model);
        writer.WriteString("id", answer.Id);
        writer.WriteString("type", "message");
        writer.WriteString("role", "assistant");
    }

    private static void WriteBlock(Utf8JsonWriter writer, AnswerBlock block)
    {
        writer.WriteStartObject();
        writer.WriteString("type", block.Type);
        switch (block.Type)
        {
            case "text":
                writer.WriteString("text", block.Whole);
                break;
            case "thinking":
                writer.WriteString("thinking", block.Omitted ? "" : block.Whole);
                writer.WriteString("signature", block.Signature);
                break;
            case "tool_use":
                writer.WriteString("id", block.Id);
                writer.WriteString("name", block.Name);
                WriteInput(writer, block.Whole);
                writer.WriteStartObject("caller");
                writer.WriteString("type", "direct");
                writer.WriteEndObject();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(block), block.Type, "Unknown block.");
        }

        writer.WriteEndObject();
    }

    // Input that max_tokens cut short is no JSON any more; a message without a stream cannot carry it.
    private static void WriteInput(Utf8JsonWriter writer, string input)
    {
        writer.WritePropertyName("input");
        try
        {
            writer.WriteRawValue(input.Length == 0 ? "{}" : input);
        }
        catch (JsonException)
        {
            writer.WriteRawValue("{}");
        }
    }
}
