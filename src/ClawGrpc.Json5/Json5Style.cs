using System.Collections.Immutable;

namespace ClawGrpc.Json5;

/// <summary>How a document is written, so that what is added looks as if its author had written it.</summary>
internal sealed record Json5Style
{
    /// <summary>The line break of the document.</summary>
    public required string NewLine { get; init; }

    /// <summary>One level of indentation.</summary>
    public required string Unit { get; init; }

    /// <summary>Whether objects and arrays that are added take a line for each element.</summary>
    public required bool MultiLine { get; init; }

    /// <summary>Whether arrays of plain values stay on one line all the same.</summary>
    public required bool InlineArrays { get; init; }

    /// <summary>Whether the last of several lines ends with a comma.</summary>
    public required bool TrailingCommas { get; init; }

    /// <summary>Whether keys go without quotes where they can.</summary>
    public required bool PlainKeys { get; init; }

    /// <summary>The quote of strings and quoted keys.</summary>
    public required char Quote { get; init; }

    /// <summary>What stands between a key and its value.</summary>
    public required string Colon { get; init; }

    /// <summary>What stands after a comma within a line.</summary>
    public required string Gap { get; init; }

    /// <summary>What stands inside the braces of an object on one line.</summary>
    public required string Padding { get; init; }

    /// <summary>
    /// The style at a place of a document: what the place itself shows counts first, then the document from its top.
    /// </summary>
    public static Json5Style At(Json5Value place, Json5Value root)
    {
        var seen = Containers(root).Prepend(place).Select(Json5Elements.Of).OfType<Json5Elements>().ToList();
        var colon = First(seen.SelectMany(Colons), ": ");
        var plain = First(seen.SelectMany(PlainKeysOf), false);
        var tight = colon == ":";
        return new Json5Style
        {
            NewLine = root.Source.Text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n",
            Unit = First(seen.SelectMany(Units), "  "),
            MultiLine = Json5Elements.Of(root) is not { Count: > 0 } top || top.IsFirstOnLine(0),
            InlineArrays = First(seen.SelectMany(InlineArraysOf), plain),
            TrailingCommas = First(seen.SelectMany(TrailingCommasOf), false),
            PlainKeys = plain,
            Quote = First(seen.SelectMany(Quotes), '"'),
            Colon = colon,
            Gap = First(seen.SelectMany(Gaps), tight ? "" : " "),
            Padding = First(seen.SelectMany(Paddings), tight ? "" : " "),
        };
    }

    private static T First<T>(IEnumerable<T> evidence, T otherwise) => evidence.DefaultIfEmpty(otherwise).First();

    private static IEnumerable<Json5Value> Containers(Json5Value value) => value switch
    {
        Json5Object members => members.Members.SelectMany(member => Containers(member.Value)).Prepend(value),
        Json5Array items => items.Items.SelectMany(Containers).Prepend(value),
        _ => [],
    };

    private static IEnumerable<string> Units(Json5Elements elements)
    {
        if (elements.Count > 0 && elements.IsFirstOnLine(0))
        {
            var outer = elements.Source.IndentAt(elements.Container.Span.Start);
            var inner = elements.Source.IndentAt(elements.Spans[0].Start);
            if (inner.Length > outer.Length && inner.StartsWith(outer, StringComparison.Ordinal))
                yield return inner[outer.Length..];
        }
    }

    private static IEnumerable<bool> InlineArraysOf(Json5Elements elements) =>
        elements is { Container: Json5Array, Count: > 0 } ? [!elements.IsFirstOnLine(0)] : [];

    private static IEnumerable<bool> TrailingCommasOf(Json5Elements elements) =>
        elements.Count > 0 && elements.IsFirstOnLine(elements.Count - 1) ? [elements.HasComma(elements.Count - 1)] : [];

    private static ImmutableArray<Json5Member> MembersOf(Json5Elements elements) =>
        elements.Container is Json5Object members ? members.Members : [];

    private static IEnumerable<bool> PlainKeysOf(Json5Elements elements) => MembersOf(elements)
        .Where(member => Json5Identifier.IsPlain(member.Key))
        .Select(member => !IsQuote(elements.Source.Text[member.KeySpan.Start]));

    private static IEnumerable<char> Quotes(Json5Elements elements)
    {
        var strings = MembersOf(elements).SelectMany(member => new[] { member.KeySpan.Start, member.Value.Span.Start })
            .Concat(elements.Container is Json5Array items ? items.Items.Select(item => item.Span.Start) : []);
        return strings.Select(start => elements.Source.Text[start]).Where(IsQuote);
    }

    private static bool IsQuote(char character) => character is '"' or '\'';

    private static IEnumerable<string> Colons(Json5Elements elements) => MembersOf(elements)
        .Select(member => elements.Source.Text[member.KeySpan.End..member.Value.Span.Start])
        .Where(between => between.All(character => character is ' ' or ':'));

    private static IEnumerable<string> Gaps(Json5Elements elements) => Enumerable.Range(1, Math.Max(0, elements.Count - 1))
        .Select(index => elements.Source.Text[(elements.Commas[index - 1] + 1)..elements.Spans[index].Start])
        .Where(IsSpaces);

    private static IEnumerable<string> Paddings(Json5Elements elements) =>
        elements is { Container: Json5Object, Spans: [var first, ..] }
            && elements.Source.Text[elements.Open..first.Start] is var padding
            && IsSpaces(padding)
            ? [padding]
            : [];

    private static bool IsSpaces(string text) => text.All(character => character == ' ');
}
