using System.Text.Encodings.Web;
using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>A change of a request: these bytes instead of those.</summary>
/// <param name="Start">The first byte that goes.</param>
/// <param name="End">The first byte that stays; equal to <paramref name="Start"/> to insert only.</param>
/// <param name="Text">The replacement.</param>
internal readonly record struct BodyEdit(int Start, int End, ReadOnlyMemory<byte> Text)
{
    /// <summary>The bytes with all edits made; they must not overlap.</summary>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> json, List<BodyEdit> edits)
    {
        if (edits.Count == 0)
            return json;
        edits.Sort((one, other) => one.Start.CompareTo(other.Start));
        var length = json.Length;
        foreach (var edit in edits)
            length += edit.Text.Length - (edit.End - edit.Start);

        var edited = new byte[length];
        var (from, to) = (0, 0);
        foreach (var edit in edits)
        {
            json[from..edit.Start].CopyTo(edited.AsMemory(to));
            to += edit.Start - from;
            edit.Text.CopyTo(edited.AsMemory(to));
            to += edit.Text.Length;
            from = edit.End;
        }

        json[from..].CopyTo(edited.AsMemory(to));
        return edited;
    }

    /// <summary>A text as JSON, quotes included.</summary>
    public static ReadOnlySpan<byte> Quoted(string text) => (byte[])
    [
        (byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"',
    ];
}
