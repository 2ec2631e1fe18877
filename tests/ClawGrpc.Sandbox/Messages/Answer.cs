namespace ClawGrpc.Testing;

/// <summary>What the model says, before it is written as JSON or as a stream.</summary>
/// <param name="Id"><c>msg_…</c>.</param>
/// <param name="Model">The model that answers: the dated id when an alias was asked for.</param>
/// <param name="StopReason"><c>stop_reason</c>.</param>
/// <param name="StopSequence">The sequence that stopped it; null otherwise.</param>
/// <param name="Blocks">The content.</param>
internal sealed record Answer(string Id, string Model, string StopReason, string? StopSequence, IReadOnlyList<AnswerBlock> Blocks)
{
    /// <summary>One token for each piece; a message that says nothing costs one.</summary>
    public int OutputTokens => Math.Max(1, Blocks.Sum(block => block.Pieces.Count));

    public int ThinkingTokens => Blocks.Where(block => block.Type == "thinking").Sum(block => block.Pieces.Count);
}

/// <summary>One block of an answer.</summary>
/// <param name="Type"><c>text</c>, <c>thinking</c> or <c>tool_use</c>.</param>
/// <param name="Pieces">The tokens: of the text, of the thought, or of the input's JSON.</param>
internal sealed record AnswerBlock(string Type, IReadOnlyList<string> Pieces)
{
    /// <summary>The id of a tool use.</summary>
    public string Id { get; init; } = "";

    /// <summary>The name of the tool.</summary>
    public string Name { get; init; } = "";

    /// <summary>The signature of a thought.</summary>
    public string Signature { get; init; } = "";

    /// <summary>Whether the thought itself is left out (<c>display: omitted</c>).</summary>
    public bool Omitted { get; init; }

    public string Whole => string.Concat(Pieces);
}
