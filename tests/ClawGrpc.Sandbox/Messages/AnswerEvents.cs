using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// An answer as the events of a stream, in the grammar and with the padding and pings of recorded ones (anthropic-api.md
/// 3.1).
/// </summary>
internal static class AnswerEvents
{
    private const int DeltasPerPing = 24;
    private static readonly byte[] Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"u8.ToArray();

    public static IReadOnlyList<ReadOnlyMemory<byte>> Write(Answer answer, InputUsage usage)
    {
        var events = new List<ReadOnlyMemory<byte>>();
        events.Add(Event("message_start", events.Count, writer => WriteStart(writer, answer, usage)));
        for (var index = 0; index < answer.Blocks.Count; index++)
        {
            AddBlock(events, answer.Blocks[index], index);
        }

        events.Add(Event("message_delta", events.Count, writer => WriteEnd(writer, answer, usage)));
        events.Add(Event("message_stop", events.Count, _ => { }));
        return events;
    }

    private static void AddBlock(List<ReadOnlyMemory<byte>> events, AnswerBlock block, int index)
    {
        events.Add(Event("content_block_start", events.Count, writer => WriteBlockStart(writer, block, index)));
        if (index == 0)
        {
            events.Add(Ping);
        }

        var pieces = block.Omitted ? [] : block.Pieces;
        for (var i = 0; i < pieces.Count; i++)
        {
            events.Add(Delta(events.Count, index, block.Type, pieces[i]));
            if ((i + 1) % DeltasPerPing == 0)
            {
                events.Add(Ping);
            }
        }

        if (block.Type == "thinking")
        {
            events.Add(Delta(events.Count, index, "signature", block.Signature));
        }

        events.Add(Event("content_block_stop", events.Count, writer => writer.WriteNumber("index", index)));
    }

    private static void WriteStart(Utf8JsonWriter writer, Answer answer, InputUsage usage)
    {
        writer.WritePropertyName("message");
        AnswerJson.WriteHead(writer, answer);
        writer.WriteStartArray("content");
        writer.WriteEndArray();
        writer.WriteNull("stop_reason");
        writer.WriteNull("stop_sequence");
        writer.WriteNull("stop_details");
        usage.WriteMember(writer, outputTokens: 1);
        writer.WriteEndObject();
    }

    private static void WriteBlockStart(Utf8JsonWriter writer, AnswerBlock block, int index)
    {
        writer.WriteNumber("index", index);
        writer.WriteStartObject("content_block");
        writer.WriteString("type", block.Type);
        switch (block.Type)
        {
            case "text":
                writer.WriteString("text", "");
                break;
            case "thinking":
                writer.WriteString("thinking", "");
                writer.WriteString("signature", "");
                break;
            case "tool_use":
                writer.WriteString("id", block.Id);
                writer.WriteString("name", block.Name);
                writer.WriteStartObject("input");
                writer.WriteEndObject();
                writer.WriteStartObject("caller");
                writer.WriteString("type", "direct");
                writer.WriteEndObject();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(block), block.Type, "Unknown block.");
        }

        writer.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Delta(int number, int index, string blockType, string piece)
    {
        var (type, member) = blockType switch
        {
            "text" => ("text_delta", "text"),
            "thinking" => ("thinking_delta", "thinking"),
            "signature" => ("signature_delta", "signature"),
            "tool_use" => ("input_json_delta", "partial_json"),
            _ => throw new ArgumentOutOfRangeException(nameof(blockType), blockType, "Unknown block."),
        };
        return Event("content_block_delta", number, writer =>
        {
            writer.WriteNumber("index", index);
            writer.WriteStartObject("delta");
            writer.WriteString("type", type);
            writer.WriteString(member, piece);
            writer.WriteEndObject();
        });
    }

    private static void WriteEnd(Utf8JsonWriter writer, Answer answer, InputUsage usage)
    {
        writer.WriteStartObject("delta");
        writer.WriteString("stop_reason", answer.StopReason);
        writer.WriteString("stop_sequence", answer.StopSequence);
        writer.WriteNull("stop_details");
        writer.WriteEndObject();
        writer.WriteStartObject("usage");
        usage.WriteCounters(writer);
        writer.WriteNumber("output_tokens", answer.OutputTokens);
        if (answer.ThinkingTokens > 0)
        {
            writer.WriteStartObject("output_tokens_details");
            writer.WriteNumber("thinking_tokens", answer.ThinkingTokens);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Event(string type, int number, Action<Utf8JsonWriter> writeRest)
    {
        var json = Json.Bytes(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writeRest(writer);
            writer.WriteEndObject();
        });
        // Recorded streams pad the JSON with up to fifteen spaces before its last brace.
        var padding = number * 7 % 16;
        var bytes = new byte["event: \ndata: \n\n".Length + type.Length + json.Length + padding];
        var text = $"event: {type}\ndata: ";
        var at = System.Text.Encoding.ASCII.GetBytes(text, bytes);
        json.AsSpan(..^1).CopyTo(bytes.AsSpan(at));
        at += json.Length - 1;
        bytes.AsSpan(at, padding).Fill((byte)' ');
        "}\n\n"u8.CopyTo(bytes.AsSpan(at + padding));
        return bytes;
    }
}
