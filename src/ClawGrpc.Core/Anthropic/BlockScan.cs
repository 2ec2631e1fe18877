using System.Globalization;
using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// Reads the blocks of one message, of the system prompt or of the tools, and notes where breakpoints are or could be.
/// </summary>
internal sealed class BlockScan(RequestOutline outline, List<FieldError> errors, bool withoutSampling)
{
    /// <summary>What is wrong with a <c>cache_control</c> of another kind.</summary>
    public const string NoBreakpoint = "must be an object such as {\"type\":\"ephemeral\"}, or null";

    private readonly List<(string Name, int Index)> _path = [];
    private Section _section;
    private string? _document;
    private string? _citedText;
    private string? _citedResult;

    public void ReadTools(ref Utf8JsonReader reader)
    {
        _section = Section.Tools;
        outline.LastTool = ReadBlocks(ref reader, "tools", block => !block.IsDeferred);
    }

    public void ReadSystem(ref Utf8JsonReader reader)
    {
        _section = Section.System;
        outline.LastSystem = ReadContent(ref reader, "system", block => block.Type == BlockType.Text);
    }

    public void ReadMessage(ref Utf8JsonReader reader, int index)
    {
        _section = Section.Messages;
        _path.Add(("messages", index));
        Spot? last = null;
        var (isUser, isAssistant) = (false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.Is("role"u8);
            var isContent = reader.Is("content"u8);
            reader.Read();
            if (isRole && reader.TokenType == JsonTokenType.String)
                (isUser, isAssistant) = (reader.Is("user"u8), reader.Is("assistant"u8));
            if (isContent)
                last = ReadContent(ref reader, ".content", block => block.Type != BlockType.Other);
            else
                reader.Skip();
        }

        if (isUser && last is not null)
            outline.LastUser = last;
        if (isAssistant)
            Refuse(_document, "a document in a message of the assistant");
        if (isUser)
            Refuse(_citedText, "a text of the user with citations");
        Refuse(_citedResult, "a text of a search result with citations");
    }

    /// <summary>The ttl of the <c>cache_control</c> at the reader; null if it is not a breakpoint.</summary>
    public static CacheTtl? ReadTtl(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        var ttl = CacheTtl.FiveMinutes;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTtl = reader.Is("ttl"u8);
            reader.Read();
            if (isTtl && reader.TokenType == JsonTokenType.String && reader.Is("1h"u8))
                ttl = CacheTtl.OneHour;
            reader.Skip();
        }

        return ttl;
    }

    private void Refuse(string? path, string what)
    {
        if (withoutSampling && path is not null)
        {
            errors.Add(
                new FieldError(path, $"is {what}, which anthropic-version {AnthropicVersion.WithoutSampling} does not take"));
        }
    }

    // Treats a string as a single text block.
    private Spot? ReadContent(ref Utf8JsonReader reader, string name, Func<Block, bool> carries)
    {
        if (reader.TokenType != JsonTokenType.String)
            return ReadBlocks(ref reader, name, carries);
        return IsBlank(reader.ValueSpan)
            ? null
            : SpotAt((int)reader.TokenStartIndex, (int)reader.BytesConsumed, 0) with { IsString = true };
    }

    private Spot? ReadBlocks(ref Utf8JsonReader reader, string name, Func<Block, bool>? carries)
    {
        Spot? last = null;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            _path.Add((name, index));
            var start = (int)reader.TokenStartIndex;
            var block = ReadBlock(ref reader);
            if (block.Own is { } ttl)
                outline.Own.Add(new OwnBreakpoint(_section, (int)reader.BytesConsumed, Path(), ttl));
            if (carries is not null && carries(block))
                last = SpotAt(start, (int)reader.BytesConsumed, index) with { Null = block.Null, HasOwn = block.Own is not null };
            _path.RemoveAt(_path.Count - 1);
        }

        return last;
    }

    private Block ReadBlock(ref Utf8JsonReader reader)
    {
        var block = new Block();
        var (isBlankText, isCited) = (true, false);
        string? citedInside = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = NameOf(reader);
            reader.Read();
            switch (member)
            {
                case BlockMember.Type when reader.TokenType == JsonTokenType.String:
                    block.Type = TypeOf(reader);
                    break;
                case BlockMember.Text when reader.TokenType == JsonTokenType.String:
                    isBlankText = IsBlank(reader.ValueSpan);
                    break;
                case BlockMember.Deferred:
                    block.IsDeferred = reader.TokenType == JsonTokenType.True;
                    break;
                case BlockMember.CacheControl when reader.TokenType == JsonTokenType.Null:
                    block.Null = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
                    break;
                case BlockMember.CacheControl:
                    if (reader.TokenType != JsonTokenType.StartObject)
                        errors.Add(new FieldError($"{Path()}.cache_control", NoBreakpoint));
                    block.Own = ReadTtl(ref reader);
                    continue;
                case BlockMember.Citations:
                    isCited = reader.TokenType == JsonTokenType.StartArray && !IsEmptyArray(reader);
                    break;
                // Skips the caller's own data (`input`, a schema): `cache_control` in there is not upstream's.
                case BlockMember.Content or BlockMember.Source when _section != Section.Tools:
                    citedInside ??= ReadInside(ref reader, member == BlockMember.Source);
                    continue;
            }

            reader.Skip();
        }

        Note(block.Type, isCited, citedInside);
        if (block.Type == BlockType.Text && isBlankText)
            block.Type = BlockType.Other;
        return block;
    }

    private void Note(BlockType type, bool isCited, string? citedInside)
    {
        if (type == BlockType.Document && _path.Count == 2)
            _document ??= Path();
        if (type == BlockType.Text && isCited)
            _citedText ??= Path();
        if (type == BlockType.SearchResult)
            _citedResult ??= citedInside;
    }

    // Returns the path of the first text with citations among the nested blocks.
    private string? ReadInside(ref Utf8JsonReader reader, bool isSource)
    {
        var outside = _citedText;
        _citedText = null;
        if (isSource)
            ReadSource(ref reader);
        else
            ReadBlocks(ref reader, ".content", carries: null);
        (var inside, _citedText) = (_citedText, outside);
        return inside;
    }

    private void ReadSource(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = reader.Is("content"u8);
            reader.Read();
            if (isContent)
                ReadBlocks(ref reader, ".source.content", carries: null);
            else
                reader.Skip();
        }
    }

    private Spot SpotAt(int start, int end, int index) => new(
        _section, start, end, false, default, false, _section == Section.Messages ? _path[0].Index : index, index);

    private string Path() =>
        string.Concat(_path.Select(at => string.Create(CultureInfo.InvariantCulture, $"{at.Name}[{at.Index}]")));

    private static bool IsEmptyArray(Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.EndArray;

    // White space, escaped or not: upstream refuses a breakpoint on a blank text.
    private static bool IsBlank(ReadOnlySpan<byte> escaped)
    {
        for (var at = 0; at < escaped.Length; at++)
        {
            var isEscape = escaped[at] == '\\';
            if (isEscape && escaped[++at] is not ((byte)'n' or (byte)'t' or (byte)'r'))
                return false;
            if (!isEscape && escaped[at] != ' ')
                return false;
        }

        return true;
    }

    private static BlockMember NameOf(in Utf8JsonReader reader) =>
        reader.Is("type"u8) ? BlockMember.Type
        : reader.Is("text"u8) ? BlockMember.Text
        : reader.Is("content"u8) ? BlockMember.Content
        : reader.Is("cache_control"u8) ? BlockMember.CacheControl
        : reader.Is("source"u8) ? BlockMember.Source
        : reader.Is("citations"u8) ? BlockMember.Citations
        : reader.Is("defer_loading"u8) ? BlockMember.Deferred
        : BlockMember.Other;

    // The types that upstream allows a breakpoint on in user messages; not thinking, and unknown types may be refused.
    private static BlockType TypeOf(in Utf8JsonReader reader) =>
        reader.Is("text"u8) ? BlockType.Text
        : reader.Is("document"u8) ? BlockType.Document
        : reader.Is("search_result"u8) ? BlockType.SearchResult
        : reader.Is("tool_result"u8) || reader.Is("image"u8) || reader.Is("container_upload"u8) ? BlockType.Cacheable
        : BlockType.Other;

    private enum BlockMember
    {
        Other,
        Type,
        Text,
        Content,
        CacheControl,
        Source,
        Citations,
        Deferred,
    }

    private enum BlockType
    {
        Other,
        Text,
        Document,
        SearchResult,
        Cacheable,
    }

    private struct Block
    {
        public BlockType Type;
        public bool IsDeferred;
        public CacheTtl? Own;
        public (int Start, int End) Null;
    }
}
