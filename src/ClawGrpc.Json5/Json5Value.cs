using System.Collections.Immutable;
using System.Diagnostics;

namespace ClawGrpc.Json5;

/// <summary>
/// A value as it stands in a JSON5 text: what it means, and where it is. Configurations hold secrets, so printing a value
/// gives its kind and place, never its content.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
internal abstract class Json5Value
{
    private protected Json5Value(Json5Source source, Json5Span span)
    {
        Source = source;
        Span = span;
    }

    /// <summary>The text it stands in.</summary>
    public Json5Source Source { get; }

    /// <summary>Where in that text it stands, from its first to its last character, without comments around it.</summary>
    public Json5Span Span { get; }

    /// <summary>Line and column of its first character.</summary>
    public Json5Position Position => Source.PositionAt(Span.Start);

    /// <summary>In the words of error messages: object, array, string, number, boolean or null.</summary>
    public abstract string Kind { get; }

    /// <summary><c>string at 3:14</c></summary>
    public sealed override string ToString() => $"{Kind} at {Position}";
}

/// <summary>
/// An object. Its text may name a key more than once: the last one counts, and stands where the first one stood.
/// </summary>
internal sealed class Json5Object : Json5Value
{
    internal Json5Object(Json5Source source, Json5Span span, ImmutableArray<Json5Member> members)
        : base(source, span) => Members = members;

    /// <summary>All members in the order of the text, repeated keys included.</summary>
    public ImmutableArray<Json5Member> Members { get; }

    public override string Kind => "object";

    /// <summary>The member that counts for a key; null when there is none. <c>__proto__</c> is a key like any other.</summary>
    public Json5Member? Find(string key) => Members.LastOrDefault(member => member.Key == key);

    /// <summary>The members that count, each key once.</summary>
    public IEnumerable<Json5Member> EffectiveMembers()
    {
        var last = new Dictionary<string, Json5Member>(StringComparer.Ordinal);
        foreach (var member in Members)
            last[member.Key] = member;

        // Removed at its first mention, so that each key keeps its first position.
        foreach (var member in Members)
        {
            if (last.Remove(member.Key, out var counts))
                yield return counts;
        }
    }
}

/// <summary>A key and its value.</summary>
/// <param name="Key">The key as it is meant, quotes and escapes resolved.</param>
/// <param name="KeySpan">Where the key stands, quotes included.</param>
internal sealed record Json5Member(string Key, Json5Span KeySpan, Json5Value Value)
{
    /// <summary>Where the member stands, from the key to the end of the value.</summary>
    public Json5Span Span => KeySpan with { End = Value.Span.End };

    /// <summary>Line and column of the key.</summary>
    public Json5Position Position => Value.Source.PositionAt(KeySpan.Start);

    /// <summary>Never the value: it may be a secret.</summary>
    public override string ToString() => $"member at {Position}";
}

/// <summary>An array.</summary>
internal sealed class Json5Array : Json5Value
{
    internal Json5Array(Json5Source source, Json5Span span, ImmutableArray<Json5Value> items)
        : base(source, span) => Items = items;

    /// <summary>The items in order.</summary>
    public ImmutableArray<Json5Value> Items { get; }

    public override string Kind => "array";
}

/// <summary>A string.</summary>
internal sealed class Json5String : Json5Value
{
    internal Json5String(Json5Source source, Json5Span span, string value)
        : base(source, span) => Value = value;

    /// <summary>The characters it means; may hold lone surrogates, which a text can escape.</summary>
    public string Value { get; }

    public override string Kind => "string";
}

/// <summary>A number.</summary>
internal sealed class Json5Number : Json5Value
{
    internal Json5Number(Json5Source source, Json5Span span, double value)
        : base(source, span) => Value = value;

    /// <summary>
    /// As the reference implementation reads it: the nearest double, infinities, NaN and negative zero included.
    /// </summary>
    public double Value { get; }

    public override string Kind => "number";
}

/// <summary>True or false.</summary>
internal sealed class Json5Boolean : Json5Value
{
    internal Json5Boolean(Json5Source source, Json5Span span, bool value)
        : base(source, span) => Value = value;

    /// <summary>True or false.</summary>
    public bool Value { get; }

    public override string Kind => "boolean";
}

/// <summary>Null.</summary>
internal sealed class Json5Null : Json5Value
{
    internal Json5Null(Json5Source source, Json5Span span)
        : base(source, span)
    {
    }

    public override string Kind => "null";
}
