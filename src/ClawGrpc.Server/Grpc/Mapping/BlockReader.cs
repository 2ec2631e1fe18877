using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Reads content blocks from JSON; <see cref="BlockWriter"/> is the way back and gives the same JSON. A block of a known type is
/// typed if it has what the type requires, with its other members in <c>extra_json</c>; every other block is handed on whole.
/// </summary>
internal static class BlockReader
{
    /// <param name="json">One valid JSON value, which need not outlive the call.</param>
    public static ContentBlock Read(ReadOnlyMemory<byte> json)
    {
        var members = new BlockMembers(json.Span.StartsWith("{"u8) ? json : default);
        var block = members.HasTwins ? null : Typed(members);
        if (block is null)
            return new ContentBlock { RawJson = ByteString.CopyFrom(json.Span) };
        block.CacheControl = members.CacheControl();
        block.ExtraJson = members.Extra();
        return block;
    }

    private static ContentBlock? Typed(BlockMembers members) => members.Text("type"u8) switch
    {
        "text" => members.Prose("text"u8) is { } text ? new ContentBlock { Text = new TextBlock { Text = text } } : null,
        "image" => ReadSource(members) is { } source ? new ContentBlock { Image = new ImageBlock { Source = source } } : null,
        "document" => ReadDocument(members),
        "tool_use" => ReadToolUse(members),
        "tool_result" => ReadToolResult(members),
        "thinking" => ReadThinking(members),
        "redacted_thinking" => members.Text("data"u8) is { } data
            ? new ContentBlock { RedactedThinking = new RedactedThinkingBlock { Data = data } }
            : null,
        _ => null,
    };

    private static ContentBlock? ReadDocument(BlockMembers members) =>
        ReadSource(members) is not { } source ? null : new ContentBlock
        {
            Document = new DocumentBlock
            {
                Source = source,
                Title = members.TextOrEmpty("title"u8),
                Context = members.TextOrEmpty("context"u8),
                Citations = members.Take("citations"u8, """{"enabled":true}"""u8),
            },
        };

    private static ContentBlock? ReadThinking(BlockMembers members) =>
        members.Text("thinking"u8) is not { } thinking ? null : new ContentBlock
        {
            Thinking = new ThinkingBlock { Thinking = thinking, Signature = members.TextOrEmpty("signature"u8) },
        };

    private static ContentBlock? ReadToolUse(BlockMembers members)
    {
        var (id, name, input) = (members.Text("id"u8), members.Text("name"u8), members.Value("input"u8));
        return id is null or "" || name is null or "" || input.IsEmpty ? null : new ContentBlock
        {
            ToolUse = new ToolUseBlock { Id = id, Name = name, InputJson = ByteString.CopyFrom(input.Span) },
        };
    }

    private static ContentBlock? ReadToolResult(BlockMembers members)
    {
        if (members.Text("tool_use_id"u8) is not { Length: > 0 } use)
            return null;
        var result = new ToolResultBlock { ToolUseId = use };
        if (!members.Take("content"u8, "[]"u8) && members.Value("content"u8) is { IsEmpty: false } content)
        {
            // A text that stands for one block would come back as that block.
            if (!content.Span.StartsWith("["u8))
                return null;
            foreach (var item in new JsonItems(content))
                result.Content.Add(Read(item));
        }

        result.IsError = members.Take("is_error"u8, "true"u8);
        return new ContentBlock { ToolResult = result };
    }

    private static Source? ReadSource(BlockMembers members)
    {
        var json = members.Value("source"u8);
        if (!json.Span.StartsWith("{"u8))
            return null;
        var source = new BlockMembers(json);
        var typed = source.HasTwins ? null : ReadSourceOf(source);
        return typed is not null && source.IsEmpty ? typed : new Source { RawJson = ByteString.CopyFrom(json.Span) };
    }

    private static Source? ReadSourceOf(BlockMembers source)
    {
        switch (source.Text("type"u8))
        {
            case "base64":
                var (type, text) = (source.Text("media_type"u8), source.Text("data"u8));
                return type is { Length: > 0 } && text is not null && ReadBase64(text) is { } data
                    ? new Source { Data = new InlineData { MediaType = type, Data = data } }
                    : null;
            case "url":
                return source.Text("url"u8) is { } url ? new Source { Url = url } : null;
            case "file":
                return source.Text("file_id"u8) is { } file ? new Source { FileId = file } : null;
            case "text" when source.Text("media_type"u8) == "text/plain":
                return source.Text("data"u8) is { } plain ? new Source { Text = plain } : null;
            default:
                return null;
        }
    }

    // Only base64 that is written the same way again: a prompt cache matches its prefix byte for byte.
    private static ByteString? ReadBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text
            ? UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, length))
            : null;
    }
}
