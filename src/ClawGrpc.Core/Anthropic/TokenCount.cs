using System.Buffers.Text;

namespace ClawGrpc.Core.Anthropic;

/// <summary>How many tokens a prompt has; upstream calls it an estimate (anthropic-api.md, section 1).</summary>
/// <param name="InputTokens">From 0.</param>
internal sealed record TokenCount(long InputTokens)
{
    /// <summary>Reads the answer to a request to count.</summary>
    /// <exception cref="MalformedAnswerException">It is not a count.</exception>
    public static TokenCount Read(ReadOnlyMemory<byte> json)
    {
        var count = JsonMembers.OfAnswer(json).Find("input_tokens"u8).Span;
        return Utf8Parser.TryParse(count, out long number, out var length) && length == count.Length && number >= 0
            ? new TokenCount(number)
            : throw new MalformedAnswerException("it is JSON, but not a count");
    }
}
