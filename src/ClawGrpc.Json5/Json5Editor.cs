using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClawGrpc.Json5;

/// <summary>Finds the place of an edit and makes the new text.</summary>
internal sealed class Json5Editor(Json5Document document)
{
    /// <summary>Replaces the value at a path, or adds it together with the objects on the way that are missing.</summary>
    public string SetValue(ReadOnlySpan<Json5Step> path, JsonNode? value)
    {
        Json5Value? holder = null;
        var place = document.Root;
        for (var depth = 0; depth < path.Length; depth++)
        {
            if (Child(place, path[depth]) is not { } child)
                return Add(place, path, depth, value);

            (holder, place) = (place, child);
        }

        return Means(place, value) ? document.Text : Replace(holder, place, value);
    }

    /// <summary>Inserts an item into the array at a path, which is made when it is missing.</summary>
    /// <param name="path">Where the array is.</param>
    /// <param name="index">Before which item; null for after the last.</param>
    public string Insert(ReadOnlySpan<Json5Step> path, int? index, JsonNode? value) => Find(path) switch
    {
        null when index is null or 0 => SetValue(path, new JsonArray { value?.DeepClone() }),
        Json5Array array when (index ?? 0) <= array.Items.Length => Insert(array, index ?? array.Items.Length, null, value),
        _ => throw new ArgumentException($"{Shown(path)} has no place {index} for an item.", nameof(path)),
    };

    /// <summary>Removes the value at a path, and every mention of a repeated key, or an older value would count.</summary>
    public string Remove(ReadOnlySpan<Json5Step> path)
    {
        var (parent, step) = (Find(path[..^1]), path[^1]);
        if (parent is null || Child(parent, step) is null)
            return document.Text;

        var elements = Json5Elements.Of(parent)!;
        if (parent is not Json5Object { Members: var members } all)
            return Apply(new Json5Removal(elements).Of(step.Index));

        var text = Apply(new Json5Removal(elements).Of(members.IndexOf(all.Find(step.Key!)!)));
        return members.Count(member => member.Key == step.Key) > 1
            ? new Json5Editor(Json5Document.Parse(text)).Remove(path)
            : text;
    }

    /// <summary>The value at a path; null when there is none.</summary>
    public Json5Value? Find(ReadOnlySpan<Json5Step> path)
    {
        var place = document.Root;
        for (var depth = 0; depth < path.Length && place is not null; depth++)
            place = Child(place, path[depth]);

        return place;
    }

    private static Json5Value? Child(Json5Value place, Json5Step step) => (place, step.Key) switch
    {
        (Json5Object members, { } key) => members.Find(key)?.Value,
        (Json5Array { Items: var items }, null) => items.ElementAtOrDefault(step.Index),
        _ => null,
    };

    /// <summary>Whether a value is what it shall become: then its text need not change.</summary>
    private static bool Means(Json5Value place, JsonNode? value) => (place, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        (Json5Null, JsonValueKind.Null) => true,
        (Json5Boolean { Value: var flag }, JsonValueKind.True or JsonValueKind.False) => value!.GetValue<bool>() == flag,
        (Json5String { Value: var text }, JsonValueKind.String) =>
            value!.AsValue().TryGetValue<string>(out var other) && other == text,
        (Json5Number { Value: var number }, JsonValueKind.Number) => IsSame(number, Json5Writer.Number(value!.AsValue())),
        _ => false,
    };

    // A negative zero equals zero, but is written otherwise.
    private static bool IsSame(double one, double other) =>
        one.Equals(other) && (one != 0 || double.IsNegative(one) == double.IsNegative(other));

    private static string Shown(ReadOnlySpan<Json5Step> path) =>
        path.Length == 0 ? "The document" : string.Join('.', path.ToArray());

    private string Add(Json5Value place, ReadOnlySpan<Json5Step> path, int depth, JsonNode? value)
    {
        var wrapped = value?.DeepClone();
        foreach (var step in path[(depth + 1)..].ToArray().Reverse())
            wrapped = step.Key is { } key ? new JsonObject { [key] = wrapped } : new JsonArray { wrapped };

        return (place, path[depth]) switch
        {
            (Json5Object { Members.Length: var count }, { Key: { } key }) => Insert(place, count, key, wrapped),
            (Json5Array { Items.Length: var count }, { Key: null } last) when last.Index == count =>
                Insert(place, count, null, wrapped),
            _ => throw new ArgumentException(
                $"{Shown(path[..depth])} has no place {path[depth]}: it is of kind {place.Kind}.", nameof(path)),
        };
    }

    private string Replace(Json5Value? holder, Json5Value place, JsonNode? value)
    {
        var style = Json5Style.At(place, document.Root);
        var siblings = holder is null ? null : Json5Elements.Of(holder);
        var ownLine = siblings is null || Enumerable.Range(0, siblings.Count)
            .Any(index => siblings.Spans[index].End == place.Span.End && siblings.IsFirstOnLine(index));
        var fitting = style with
        {
            MultiLine = style.MultiLine && ownLine,
            Quote = place is Json5String ? document.Text[place.Span.Start] : style.Quote,
        };
        var text = Json5Writer.Value(value, fitting, document.Source.IndentAt(place.Span.Start));
        return Apply([new Json5Replacement(place.Span.Start, place.Span.End, text)]);
    }

    private string Insert(Json5Value container, int index, string? key, JsonNode? value)
    {
        var insertion = new Json5Insertion(
            Json5Elements.Of(container)!,
            Json5Style.At(container, document.Root),
            (style, indent) =>
                key is null ? Json5Writer.Value(value, style, indent) : Json5Writer.Member(key, value, style, indent));
        return Apply(insertion.At(index));
    }

    private string Apply(IEnumerable<Json5Replacement> replacements)
    {
        var text = new StringBuilder();
        var done = 0;
        foreach (var replacement in replacements.OrderBy(replacement => replacement.Start))
        {
            text.Append(document.Text, done, replacement.Start - done).Append(replacement.Text);
            done = replacement.End;
        }

        return text.Append(document.Text, done, document.Text.Length - done).ToString();
    }
}
