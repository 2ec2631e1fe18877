namespace ClawGrpc.Core.Json5;

/// <summary>A JSON5 text and what it means. Immutable: an edit gives a new document.</summary>
public sealed class Json5Document
{
    /// <summary>How deep objects and arrays may be nested. The reference has no limit; a configuration needs perhaps ten.</summary>
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
    /// <param name="text">The whole text.</param>
    /// <param name="name">What to call it in errors, usually the file's path.</param>
    /// <exception cref="Json5Exception">The text is not JSON5, or is nested deeper than <see cref="MaxDepth"/>.</exception>
    public static Json5Document Parse(string text, string name = "")
    {
        var source = new Json5Source(name, text);
        return new Json5Document(source, new Json5Reader(source).ReadDocument());
    }
}
