using System.Collections.Immutable;

namespace ClawGrpc.Json5;

/// <summary>
/// The elements of an object (its members) or an array (its items) as pieces of text, and the commas after them.
/// </summary>
internal sealed class Json5Elements
{
    private const int None = -1;

    private Json5Elements(Json5Value container, IEnumerable<Json5Span> spans)
    {
        Container = container;
        Spans = [.. spans];
        Commas = [.. Spans.Select(span => CommaAfter(container.Source, span.End))];
    }

    /// <summary>The object or array.</summary>
    public Json5Value Container { get; }

    /// <summary>Where each element stands: from the key to the end of the value.</summary>
    public ImmutableArray<Json5Span> Spans { get; }

    /// <summary>
    /// The offset of the comma after each element; negative when there is none, as there may be after the last.
    /// </summary>
    public ImmutableArray<int> Commas { get; }

    public Json5Source Source => Container.Source;

    public int Count => Spans.Length;

    /// <summary>The offset after the opening bracket.</summary>
    public int Open => Container.Span.Start + 1;

    /// <summary>The offset of the closing bracket.</summary>
    public int Close => Container.Span.End - 1;

    /// <summary>The elements of an object or an array; null for every other value.</summary>
    public static Json5Elements? Of(Json5Value value) => value switch
    {
        Json5Object { Members: var members } => new Json5Elements(value, members.Select(member => member.Span)),
        Json5Array { Items: var items } => new Json5Elements(value, items.Select(item => item.Span)),
        _ => null,
    };

    public bool HasComma(int index) => Commas[index] != None;

    /// <summary>Whether an element begins a line of its own.</summary>
    public bool IsFirstOnLine(int index) => Source.IsFirstOnLine(Spans[index].Start);

    private static int CommaAfter(Json5Source source, int offset)
    {
        var scanner = new Json5Scanner(source, offset);
        scanner.SkipBlank();
        return scanner.Peek() == ',' ? scanner.Offset : None;
    }
}
