using System.Diagnostics.CodeAnalysis;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Joins the halves of a surrogate pair that come in two deltas of one block: no protobuf string can hold a half. For one stream
/// of typed messages.
/// </summary>
internal sealed class PairJoin
{
    // Such as \ud83d.
    private const int EscapeLength = 6;

    private byte[] _half = [];
    private int _index;
    private DeltaKind _delta;

    /// <summary>Whether the event completes a half, separates it from its other half, or ends in one. Most do not.</summary>
    public bool Concerns(in StreamEvent read) => _half.Length > 0 || (IsText(read) && EndsInHalf(read.Text.Span));

    /// <summary>
    /// The event to write in place of one that <see cref="Concerns"/> the halves: the same, or a delta with the half before it in
    /// front and without a half at its end. False if there is nothing to write yet.
    /// </summary>
    /// <param name="read">The event.</param>
    /// <param name="lone">Text that must be written first, of a half that found no other; null if there is none.</param>
    /// <param name="joined">The event to write.</param>
    public bool TryJoin(in StreamEvent read, out StreamEvent? lone, out StreamEvent joined)
    {
        (lone, joined) = (null, read);
        var isText = IsText(read);
        var text = read.Text;
        if (_half.Length > 0 && read.Kind != StreamEventKind.Ping)
        {
            if (isText && read.Index == _index && read.Delta == _delta)
                text = (byte[])[.. _half, .. text.Span];
            else
                lone = Lone();
            _half = [];
        }

        if (isText && EndsInHalf(text.Span))
        {
            (_half, _index, _delta) = (text.Span[^EscapeLength..].ToArray(), read.Index, read.Delta);
            text = text[..^EscapeLength];
        }

        if (isText)
            joined = Delta(read.Index, read.Delta, text);
        return !isText || !text.IsEmpty;
    }

    /// <summary>The text of a half that is left at the end of a stream.</summary>
    public bool TryEnd([NotNullWhen(true)] out StreamEvent? lone)
    {
        lone = _half.Length > 0 ? Lone() : null;
        _half = [];
        return lone is not null;
    }

    private StreamEvent Lone() => Delta(_index, _delta, _half);

    private static bool IsText(in StreamEvent read) => read.Kind == StreamEventKind.BlockDelta && read.IsPlain;

    private static StreamEvent Delta(int index, DeltaKind delta, ReadOnlyMemory<byte> text) =>
        new(default) { Kind = StreamEventKind.BlockDelta, Index = index, Delta = delta, Text = text, IsPlain = true };

    // A high surrogate: \uD800 to \uDBFF, with a backslash that is no escaped one.
    private static bool EndsInHalf(ReadOnlySpan<byte> text)
    {
        if (text.Length < EscapeLength || text[^EscapeLength] != '\\' || text[^5] != 'u' || (text[^4] | 0x20) != 'd'
            || text[^3] is not ((byte)'8' or (byte)'9') && (text[^3] | 0x20) is not ('a' or 'b'))
        {
            return false;
        }

        var backslashes = text[..^(EscapeLength - 1)];
        return (backslashes.Length - backslashes.TrimEnd((byte)'\\').Length) % 2 == 1;
    }
}
