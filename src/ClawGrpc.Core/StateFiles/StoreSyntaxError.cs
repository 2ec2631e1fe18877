namespace ClawGrpc.Core.StateFiles;

/// <summary>Why a profile store cannot be read. It never quotes the file, which holds secrets.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
/// <param name="Reason">Half a sentence, such as <c>a string does not end</c>.</param>
internal sealed record StoreSyntaxError(int Line, int Column, string Reason)
{
    /// <summary>The error at a place of a text.</summary>
    /// <param name="text">The text, or as much of it as comes before the place.</param>
    /// <param name="reason">Half a sentence.</param>
    internal static StoreSyntaxError At(ReadOnlySpan<char> text, int offset, string reason)
    {
        var before = text[..offset];
        return new StoreSyntaxError(1 + before.Count('\n'), offset - before.LastIndexOf('\n'), reason);
    }
}
