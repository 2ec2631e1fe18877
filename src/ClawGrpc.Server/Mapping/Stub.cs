using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using ClawGrpc.Core.Messages;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Mapping;

internal static class UsageMapping
{
    public static Usage? ToUsage(UsageCount? count) => count is null ? null : new Usage { InputTokens = count.InputTokens, OutputTokens = count.OutputTokens, CacheCreationInputTokens = count.CacheCreationInputTokens, CacheReadInputTokens = count.CacheReadInputTokens };
}

internal static class MessagesJson
{
    public static ReadOnlyMemory<byte> Render(MessagesRequest request, out ImmutableArray<FieldError> errors)
    {
        errors = [];
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        if (request.HasMaxTokens) writer.WriteNumber("max_tokens", request.MaxTokens);
        if (request.System.Count > 0)
        {
            writer.WriteStartArray("system");
            foreach (var b in request.System) { writer.WriteStartObject(); writer.WriteString("type", "text"); writer.WriteString("text", b.Text.Text); writer.WriteEndObject(); }
            writer.WriteEndArray();
        }
        writer.WriteStartArray("messages");
        foreach (var m in request.Messages)
        {
            writer.WriteStartObject();
            writer.WriteString("role", m.Role == Role.User ? "user" : "assistant");
            writer.WriteStartArray("content");
            foreach (var b in m.Content) { writer.WriteStartObject(); writer.WriteString("type", "text"); writer.WriteString("text", b.Text.Text); writer.WriteEndObject(); }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}

internal static class EventMapping
{
    public static StreamCompleteResponse? ToMessage(in StreamEvent e, bool raw)
    {
        if (!raw && e.Kind == StreamEventKind.BlockDelta && e.Delta == DeltaKind.Text)
            return new StreamCompleteResponse { BlockDelta = new ContentBlockDelta { Index = e.Index, Text = JsonText.Decode(e.Text.Span) } };
        return new StreamCompleteResponse { Raw = new RawEvent { Type = e.Type, Json = ByteString.CopyFrom(e.Data.Span) } };
    }

    public static Completion ToCompletion(FoldedMessage message, bool raw) => new() { Id = message.Id, Model = message.Model, StopReason = message.StopReason, Usage = UsageMapping.ToUsage(message.Usage), RawJson = UnsafeByteOperations.UnsafeWrap(message.Json) };
}
