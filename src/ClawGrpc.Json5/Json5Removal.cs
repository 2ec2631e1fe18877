namespace ClawGrpc.Json5;

/// <summary>
/// What goes when an element of an object or array is removed: the element, one comma, and its line when nothing else is on
/// it. Comments around it stay: they are their author's.
/// </summary>
internal sealed class Json5Removal(Json5Elements elements)
{
    private readonly Json5Source _source = elements.Source;

    /// <summary>Removes the element with the index.</summary>
    public IEnumerable<Json5Replacement> Of(int index)
    {
        var span = elements.Spans[index];
        if (elements.Count == 1 && IsBlankWithout(span))
            return [Nothing(elements.Open, elements.Close)];

        var ownComma = elements.HasComma(index);
        var otherComma = ownComma ? elements.Commas[index] : index > 0 ? elements.Commas[index - 1] : -1;
        if (ownComma && _source.IsBlank(span.End, otherComma))
            return [Widened(span.Start, otherComma + 1)];

        var element = Widened(span.Start, span.End);
        if (otherComma < 0)
            return [element];

        // For the last of several elements on one line, removes the comma before it with its gap.
        return !ownComma && _source.IsBlank(otherComma + 1, span.Start) && !elements.IsFirstOnLine(index)
            ? [Nothing(otherComma, span.End)]
            : [Nothing(otherComma, otherComma + 1), element];
    }

    private static Json5Replacement Nothing(int start, int end) => new(start, end, "");

    private bool IsBlankWithout(Json5Span span) =>
        _source.IsBlank(elements.Open, span.Start)
        && (elements.HasComma(0)
            ? _source.IsBlank(span.End, elements.Commas[0]) && _source.IsBlank(elements.Commas[0] + 1, elements.Close)
            : _source.IsBlank(span.End, elements.Close));

    /// <summary>
    /// The stretch and its whole line when it has the line for itself, else the stretch and the spaces after it.
    /// </summary>
    private Json5Replacement Widened(int start, int end)
    {
        var spaces = _source.AfterSpaces(end);
        var endsLine = spaces == _source.EndOfLine(end);
        if (endsLine && _source.IsFirstOnLine(start))
            return Nothing(_source.StartOfLine(start), _source.AfterLineBreak(spaces));

        return Nothing(start, endsLine ? end : spaces);
    }
}
