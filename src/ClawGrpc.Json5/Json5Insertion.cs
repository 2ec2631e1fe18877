namespace ClawGrpc.Json5;

/// <summary>A stretch of the text that gives way to another one.</summary>
internal readonly record struct Json5Replacement(int Start, int End, string Text);

/// <summary>
/// Where a new element of an object or array goes, and what goes in with it: the comma, the line break, the indentation.
/// Everything that is there stays as it is, comments included.
/// </summary>
internal sealed class Json5Insertion(Json5Elements elements, Json5Style style, Func<Json5Style, string, string> write)
{
    private readonly Json5Source _source = elements.Source;

    /// <summary>Inserts before the element that has the index now, or after the last one.</summary>
    /// <param name="index">From 0 to the number of elements.</param>
    public IEnumerable<Json5Replacement> At(int index)
    {
        if (elements.Count == 0)
            return [IntoEmpty()];

        return index == elements.Count ? AfterLast() : [Before(index)];
    }

    private Json5Replacement IntoEmpty()
    {
        if (_source.IsBlank(elements.Open, elements.Close))
        {
            var outer = _source.IndentAt(elements.Container.Span.Start);
            var padding = elements.Container is Json5Object ? style.Padding : "";
            var text = style.MultiLine
                ? OnNewLine(outer + style.Unit, style.TrailingCommas ? "," : "") + style.NewLine + outer
                : padding + Inline() + padding;
            return new Json5Replacement(elements.Open, elements.Close, text);
        }

        // Only comments: inserts after the last of them, on its own line if the bracket has one.
        return _source.IsFirstOnLine(elements.Close)
            ? At(EndOfComments(), OnNewLine(_source.IndentAt(elements.Close) + style.Unit, style.TrailingCommas ? "," : ""))
            : At(EndOfComments(), " " + Inline());
    }

    private IEnumerable<Json5Replacement> AfterLast()
    {
        var last = elements.Count - 1;
        var end = elements.Spans[last].End;
        var comma = elements.HasComma(last);
        var anchor = comma ? elements.Commas[last] + 1 : end;
        var place = _source.AfterTrailingComments(anchor);
        if (!elements.IsFirstOnLine(last) && (place == anchor || place < _source.EndOfLine(place)))
            return [At(place, comma ? style.Gap + Inline() + "," : "," + style.Gap + Inline())];

        // Puts the comma after the value, not after its comment.
        var line = OnNewLine(IndentOf(last), comma ? "," : "");
        return comma ? [At(place, line)] : [At(end, ","), At(place, line)];
    }

    private Json5Replacement Before(int index)
    {
        if (!elements.IsFirstOnLine(index))
        {
            return index == 0
                ? At(elements.Spans[0].Start, Inline() + "," + style.Gap)
                : At(elements.Commas[index - 1] + 1, style.Gap + Inline() + ",");
        }

        // Inserts after the previous element, so that comments above the next one stay with it.
        var anchor = index == 0 ? elements.Open : elements.Commas[index - 1] + 1;
        return At(_source.AfterTrailingComments(anchor), OnNewLine(IndentOf(index), ","));
    }

    private static Json5Replacement At(int offset, string text) => new(offset, offset, text);

    private string IndentOf(int index) => elements.IsFirstOnLine(index)
        ? _source.IndentAt(elements.Spans[index].Start)
        : _source.IndentAt(elements.Container.Span.Start) + style.Unit;

    private string OnNewLine(string indent, string comma) =>
        style.NewLine + indent + write(style with { MultiLine = true }, indent) + comma;

    private string Inline() => write(style with { MultiLine = false }, "");

    private int EndOfComments()
    {
        var scanner = new Json5Scanner(_source, elements.Open);
        var end = elements.Open;
        while (scanner.Offset < elements.Close)
        {
            if (scanner.Peek() == '/')
            {
                scanner.SkipComment();
                end = scanner.Offset;
            }
            else
            {
                scanner.Skip();
            }
        }

        return end;
    }
}
