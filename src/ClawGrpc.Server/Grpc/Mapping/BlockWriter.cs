using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Writes content blocks as JSON; <see cref="BlockReader"/> is the way back. A typed field at its default is not written where
/// upstream does not require it: a caller who means the default itself puts it into <c>extra_json</c>.
/// </summary>
internal sealed class BlockWriter(JsonObjectWriter json, FieldErrors errors)
{
    public void WriteBlocks(RepeatedField<ContentBlock> blocks, string name)
    {
        json.Open('[');
        for (var index = 0; index < blocks.Count; index++)
        {
            errors.Enter(name, index);
            Write(blocks[index]);
            errors.Leave();
        }

        json.Close(']');
    }

    private void Write(ContentBlock block)
    {
        json.Item();
        switch (block.BlockCase)
        {
            case ContentBlock.BlockOneofCase.RawJson:
                WriteRaw(block);
                break;
            case ContentBlock.BlockOneofCase.None:
                errors.Add("",
                    "is required: one of text, image, document, tool_use, tool_result, thinking, redacted_thinking, raw_json");
                break;
            default:
                json.Open('{');
                WriteTyped(block);
                WriteCacheControl(json, block.CacheControl);
                if (!block.ExtraJson.IsEmpty)
                    WriteExtra(json, errors, block.ExtraJson, "extra_json", NamesOf(block));
                json.Close('}');
                break;
        }
    }

    private void WriteRaw(ContentBlock block)
    {
        if (errors.IsJson("raw_json", block.RawJson.Span))
            json.Raw(block.RawJson.Span);
        if (block.CacheControl is not null)
            errors.Add("cache_control", "must be unset beside raw_json: write it into the JSON");
        if (!block.ExtraJson.IsEmpty)
            errors.Add("extra_json", "must be empty beside raw_json: write it into the JSON");
    }

    private void WriteTyped(ContentBlock block)
    {
        switch (block.BlockCase)
        {
            case ContentBlock.BlockOneofCase.Text:
                json.Member("type", "text");
                json.Member("text", block.Text.Text);
                break;
            case ContentBlock.BlockOneofCase.Image:
                json.Member("type", "image");
                WriteSource(block.Image.Source, "image.source");
                break;
            case ContentBlock.BlockOneofCase.Document:
                WriteDocument(block.Document);
                break;
            case ContentBlock.BlockOneofCase.ToolUse:
                WriteToolUse(block.ToolUse);
                break;
            case ContentBlock.BlockOneofCase.ToolResult:
                WriteToolResult(block.ToolResult);
                break;
            case ContentBlock.BlockOneofCase.Thinking:
                json.Member("type", "thinking");
                json.Member("thinking", block.Thinking.Thinking);
                WriteUnlessEmpty("signature", block.Thinking.Signature);
                break;
            case ContentBlock.BlockOneofCase.RedactedThinking:
                json.Member("type", "redacted_thinking");
                json.Member("data", block.RedactedThinking.Data);
                break;
        }
    }

    private void WriteDocument(DocumentBlock document)
    {
        json.Member("type", "document");
        WriteSource(document.Source, "document.source");
        WriteUnlessEmpty("title", document.Title);
        WriteUnlessEmpty("context", document.Context);
        if (!document.Citations)
            return;
        json.Name("citations").Open('{').Member("enabled", true);
        json.Close('}');
    }

    private void WriteToolUse(ToolUseBlock use)
    {
        errors.Required("tool_use.id", use.Id);
        errors.Required("tool_use.name", use.Name);
        json.Member("type", "tool_use");
        json.Member("id", use.Id);
        json.Member("name", use.Name);
        if (use.InputJson.IsEmpty)
            json.Name("input").Raw("{}"u8);
        else if (errors.IsJson("tool_use.input_json", use.InputJson.Span, kind: null))
            json.Name("input").Raw(use.InputJson.Span);
    }

    private void WriteToolResult(ToolResultBlock result)
    {
        errors.Required("tool_result.tool_use_id", result.ToolUseId);
        json.Member("type", "tool_result");
        json.Member("tool_use_id", result.ToolUseId);
        if (result.Content.Count > 0)
        {
            json.Name("content");
            WriteBlocks(result.Content, "tool_result.content");
        }

        if (result.IsError)
            json.Member("is_error", true);
    }

    private void WriteSource(Source? source, string path)
    {
        json.Name("source");
        switch (source?.SourceCase)
        {
            case Source.SourceOneofCase.Data:
                errors.Required($"{path}.data.media_type", source.Data.MediaType);
                json.Open('{').Member("type", "base64");
                json.Member("media_type", source.Data.MediaType);
                json.Name("data").Base64(source.Data.Data.Span);
                json.Close('}');
                break;
            case Source.SourceOneofCase.Url:
                json.Open('{').Member("type", "url");
                json.Member("url", source.Url);
                json.Close('}');
                break;
            case Source.SourceOneofCase.FileId:
                json.Open('{').Member("type", "file");
                json.Member("file_id", source.FileId);
                json.Close('}');
                break;
            case Source.SourceOneofCase.Text:
                json.Open('{').Member("type", "text");
                json.Member("media_type", "text/plain");
                json.Member("data", source.Text);
                json.Close('}');
                break;
            case Source.SourceOneofCase.RawJson:
                if (errors.IsJson($"{path}.raw_json", source.RawJson.Span))
                    json.Raw(source.RawJson.Span);
                break;
            default:
                errors.Add(path, "is required: one of data, url, file_id, text, raw_json");
                break;
        }
    }

    private void WriteUnlessEmpty(string name, string text)
    {
        if (text.Length > 0)
            json.Member(name, text);
    }

    // The members the typed part of the block has written: `extra_json` may not say them again.
    private static ImmutableArray<string> NamesOf(ContentBlock block)
    {
        ImmutableArray<string> names = block.BlockCase switch
        {
            ContentBlock.BlockOneofCase.Text => ["type", "text"],
            ContentBlock.BlockOneofCase.Image => ["type", "source"],
            ContentBlock.BlockOneofCase.Document => ["type", "source", .. When(block.Document.Title.Length > 0, "title"),
                .. When(block.Document.Context.Length > 0, "context"), .. When(block.Document.Citations, "citations")],
            ContentBlock.BlockOneofCase.ToolUse => ["type", "id", "name", "input"],
            ContentBlock.BlockOneofCase.ToolResult =>
                ["type", "tool_use_id", .. When(block.ToolResult.Content.Count > 0, "content"),
                .. When(block.ToolResult.IsError, "is_error")],
            ContentBlock.BlockOneofCase.Thinking =>
                ["type", "thinking", .. When(block.Thinking.Signature.Length > 0, "signature")],
            _ => ["type", "data"],
        };
        return block.CacheControl is null ? names : names.Add("cache_control");
    }

    private static IEnumerable<string> When(bool written, string name) => written ? [name] : [];

    internal static void WriteCacheControl(JsonObjectWriter json, CacheControl? control)
    {
        if (control is null)
            return;
        json.Name("cache_control").Open('{').Member("type", "ephemeral");
        if (control.Ttl.Length > 0)
            json.Member("ttl", control.Ttl);
        json.Close('}');
    }

    internal static void WriteExtra(
        JsonObjectWriter json, FieldErrors errors, ByteString extra, string path, IEnumerable<string> written)
    {
        if (extra.IsEmpty || !errors.IsJson(path, extra.Span))
            return;
        var names = new HashSet<string>(written);
        foreach (var (name, _) in new JsonMembers(extra.Memory))
        {
            var text = JsonText.Decode(name.Span);
            if (!names.Add(text))
                errors.Add($"{path}.{text}", "is there twice, or has a typed field");
        }

        json.Members(extra.Memory);
    }
}
