using System.Text.Json;

namespace ClawGrpc.Testing;

/// <summary>
/// An estimate of tokens, the same everywhere: four bytes of text or of JSON are one, a picture or document at least a flat
/// rate.
/// </summary>
internal static class Tokens
{
    public const int PerMessage = 3;
    private const int PerMedia = 1500;

    public static int OfText(string text) => (System.Text.Encoding.UTF8.GetByteCount(text) + 3) / 4;

    /// <param name="block">A tool or a content block.</param>
    /// <param name="canonicalLength">Its length as compact JSON, in bytes.</param>
    public static int OfBlock(JsonElement block, int canonicalLength) => block.GetText("type") switch
    {
        "text" => OfText(block.GetText("text") ?? ""),
        "image" or "document" => Math.Max(PerMedia, canonicalLength / 100),
        _ => (canonicalLength + 3) / 4,
    };

    /// <summary>The pieces in which a text is streamed: words with the space before them.</summary>
    public static IReadOnlyList<string> Pieces(string text)
    {
        var pieces = new List<string>();
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ' ' && text[i - 1] != ' '))
            {
                pieces.Add(text[start..i]);
                start = i;
            }
        }

        return pieces;
    }
}
