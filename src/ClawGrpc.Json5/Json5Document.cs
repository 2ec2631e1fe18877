using System.Text.Json.Nodes;

namespace ClawGrpc.Json5;

/// <summary>
/// A JSON5 text and what it means. Immutable: an edit gives a new document, in which everything that was not edited is as it
/// was, byte for byte. What an edit adds follows the indentation, quotes, line breaks and trailing commas around it.
/// </summary>
internal sealed class Json5Document
{
    /// <summary>
    /// How deep objects and arrays may be nested. The reference has no limit; a configuration needs perhaps ten.
    /// </summary>
    public const int MaxDepth = 1000;

    private Json5Document(Json5Source source, Json5Value root)
    {
        Source = source;
        Root = root;
    }

    /// <summary>The text and its name.</summary>
    public Json5Source Source { get; }

    /// <summary>The text, byte for byte as it was read.</summary>
    public string Text => Source.Text;

    /// <summary>The one value of the document.</summary>
    public Json5Value Root { get; }

    /// <summary>Reads a text.</summary>
    /// <param name="name">What to call it in errors, usually the file's path.</param>
    /// <exception cref="Json5Exception">The text is not JSON5, or is nested deeper than <see cref="MaxDepth"/>.</exception>
    public static Json5Document Parse(string text, string name = "")
    {
        var source = new Json5Source(name, text);
        return new Json5Document(source, new Json5Reader(source).ReadDocument());
    }

    /// <summary>The value at a path; null when there is none. The empty path is the root.</summary>
    public Json5Value? Find(params ReadOnlySpan<Json5Step> path) => new Json5Editor(this).Find(path);

    /// <summary>
    /// Replaces the value at a path, or adds it after its siblings, together with the objects on the way that are missing.
    /// Nothing changes when the value is the same already.
    /// </summary>
    /// <exception cref="ArgumentException">The path goes through a value that is neither object nor array.</exception>
    /// <exception cref="Json5Exception">The document would be nested deeper than <see cref="MaxDepth"/>.</exception>
    public Json5Document SetValue(ReadOnlySpan<Json5Step> path, JsonNode? value) =>
        With(new Json5Editor(this).SetValue(path, value));

    /// <summary>
    /// Removes the value at a path with its key; nothing changes when there is none. Comments around it stay: they are their
    /// author's. Every mention of a repeated key is removed, or an older value would count.
    /// </summary>
    /// <param name="path">At least one step.</param>
    public Json5Document Remove(params ReadOnlySpan<Json5Step> path)
    {
        ArgumentOutOfRangeException.ThrowIfZero(path.Length, nameof(path));
        return With(new Json5Editor(this).Remove(path));
    }

    /// <summary>
    /// Inserts an item before the one that has the index now. The array is made when it is missing and the index is 0.
    /// </summary>
    /// <exception cref="ArgumentException">There is no array at the path, or it is too short.</exception>
    public Json5Document Insert(ReadOnlySpan<Json5Step> path, int index, JsonNode? value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return With(new Json5Editor(this).Insert(path, index, value));
    }

    /// <summary>Adds an item to the end of the array at a path, which is made when it is missing.</summary>
    /// <exception cref="ArgumentException">There is something else at the path.</exception>
    public Json5Document Append(ReadOnlySpan<Json5Step> path, JsonNode? value) =>
        With(new Json5Editor(this).Insert(path, null, value));

    private Json5Document With(string text) => text == Text ? this : Parse(text, Source.Name);
}
