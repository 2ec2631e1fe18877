namespace ClawGrpc.Core.Anthropic;

/// <summary>What an event of a streamed answer is, by the <c>type</c> of its data (anthropic-api.md, section 3.1).</summary>
internal enum StreamEventKind
{
    /// <summary>An unknown type; passed on unchanged.</summary>
    Unknown,

    /// <summary><c>message_start</c></summary>
    MessageStart,

    /// <summary><c>content_block_start</c></summary>
    BlockStart,

    /// <summary><c>content_block_delta</c></summary>
    BlockDelta,

    /// <summary><c>content_block_stop</c></summary>
    BlockStop,

    /// <summary><c>message_delta</c></summary>
    MessageDelta,

    /// <summary><c>message_stop</c>: the answer is whole.</summary>
    MessageStop,

    /// <summary><c>ping</c>: keeps the connection alive.</summary>
    Ping,

    /// <summary><c>error</c>: the answer has failed although its status was 200; nothing follows.</summary>
    Error,
}

/// <summary>What a <c>content_block_delta</c> adds, by the <c>type</c> of its delta.</summary>
internal enum DeltaKind
{
    /// <summary>An unknown type, or no delta at all.</summary>
    Other,

    /// <summary><c>text_delta</c>: appended to the block's <c>text</c>.</summary>
    Text,

    /// <summary><c>input_json_delta</c>: appended to the JSON text of the block's <c>input</c>.</summary>
    InputJson,

    /// <summary><c>thinking_delta</c>: appended to the block's <c>thinking</c>.</summary>
    Thinking,

    /// <summary><c>signature_delta</c>: becomes the block's <c>signature</c>.</summary>
    Signature,

    /// <summary><c>citations_delta</c>: added to the block's <c>citations</c>.</summary>
    Citations,

    /// <summary><c>compaction_delta</c>: becomes the block's <c>content</c> and <c>encrypted_content</c>.</summary>
    Compaction,
}
