using System.Buffers;

namespace ClawGrpc.Core.Anthropic;

/// <summary>One block of an answer in the making (anthropic-api.md, section 3.1, rules 2 and 3).</summary>
internal sealed class FoldedBlock(ReadOnlyMemory<byte> start)
{
    private static readonly byte[] Signature = [.. "signature"u8];
    private static readonly byte[] Input = [.. "input"u8];

    private readonly MemberList _members = new(start);
    private ArrayBufferWriter<byte>? _input;

    /// <summary>How many bytes the block has at most; not counting what completes a cut-off tool input.</summary>
    public int MostBytes => _members.MostBytes;

    public void Add(in StreamEvent delta)
    {
        switch (delta.Delta)
        {
            case DeltaKind.InputJson when Has(delta):
                (_input ??= new ArrayBufferWriter<byte>()).Write(delta.Text.Span);
                break;
            case DeltaKind.Text when Has(delta):
                _members.Append("text"u8, delta.Text.Span);
                break;
            case DeltaKind.Thinking when Has(delta):
                _members.Append("thinking"u8, delta.Text.Span);
                break;
            case DeltaKind.Signature when Has(delta):
                _members.Replace(Signature, new JsonMembers(delta.Part).Find("signature"u8).ToArray());
                break;
            case DeltaKind.Citations:
                _members.AppendItem("citations"u8, Citation(delta));
                break;
            case DeltaKind.Compaction:
                AddUnknown(delta, continues: false);
                break;
            default:
                AddUnknown(delta, continues: true);
                break;
        }
    }

    /// <summary>Writes the block. Completes a tool input that is not whole JSON, and returns the original of it.</summary>
    public CutInput? WriteTo(ArrayBufferWriter<byte> json, int index)
    {
        var cut = _input is { WrittenCount: > 0 } ? FoldInput(_input.WrittenSpan, index) : null;
        _members.WriteTo(json);
        return cut;
    }

    private static bool Has(in StreamEvent delta) => !delta.Text.IsEmpty || delta.IsPlain;

    private static ReadOnlySpan<byte> Citation(in StreamEvent delta)
    {
        var citation = new JsonMembers(delta.Part).Find("citation"u8);
        return citation.IsEmpty ? throw new MalformedAnswerException("a citations_delta has no citation") : citation.Span;
    }

    // Guess for unknown deltas: every known delta that spans several events appends to a text, so texts are appended.
    private void AddUnknown(in StreamEvent delta, bool continues)
    {
        foreach (var (name, value) in new JsonMembers(delta.Part))
        {
            if (name.Span.SequenceEqual("type"u8))
                continue;
            if (continues && value.Span.StartsWith("\""u8))
                _members.Append(name.Span, value.Span[1..^1]);
            else
                _members.Replace(name.ToArray(), value.ToArray());
        }
    }

    private CutInput? FoldInput(ReadOnlySpan<byte> escaped, int index)
    {
        var text = new byte[escaped.Length];
        JsonText.TryDecode(escaped, text, out var length);
        var input = text.AsMemory(0, length);
        if (input.Span.Trim(" \t\r\n"u8).IsEmpty)
            return null;
        var mended = new ArrayBufferWriter<byte>(length + 16);
        var whole = CutJson.WriteWhole(input.Span, mended);
        _members.Replace(Input, mended.WrittenMemory);
        return whole ? null : new CutInput(index, input);
    }
}
