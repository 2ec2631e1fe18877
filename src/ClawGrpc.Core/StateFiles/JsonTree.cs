using System.Collections.Immutable;
using System.Globalization;

namespace ClawGrpc.Core.StateFiles;

/// <summary>A JSON value as JavaScript's <c>JSON.parse</c> reads it, with the order of members kept. Immutable.</summary>
/// <param name="Offset">Where it began in the text it was read from; 0 when it was made.</param>
internal abstract record JsonTree(int Offset)
{
    /// <summary>Never the content, which may be a secret.</summary>
    public sealed override string ToString() => $"{GetType().Name} at {Offset}";

    public static JsonTree Of(string text) => new JsonString(0, text);

    public static JsonTree Of(long number) => new JsonNumber(0, number.ToString(CultureInfo.InvariantCulture), number);
}

/// <summary><c>true</c>, <c>false</c> or <c>null</c>.</summary>
internal sealed record JsonWord(int Offset, string Text) : JsonTree(Offset);

/// <summary>A number.</summary>
/// <param name="Offset">See <see cref="JsonTree"/>.</param>
/// <param name="Text">As it is written back.</param>
/// <param name="Value">As JavaScript sees it; infinite when it is too large for a double.</param>
internal sealed record JsonNumber(int Offset, string Text, double Value) : JsonTree(Offset);

internal sealed record JsonString(int Offset, string Value) : JsonTree(Offset);

internal sealed record JsonArray(int Offset, ImmutableArray<JsonTree> Items) : JsonTree(Offset);

internal sealed record JsonObject(int Offset, ImmutableArray<KeyValuePair<string, JsonTree>> Members) : JsonTree(Offset)
{
    public static readonly JsonObject Empty = new(0, []);

    public bool IsEmpty => Members.IsEmpty;

    /// <summary>The member's value; null if there is none.</summary>
    public JsonTree? this[string name] => IndexOf(name) is >= 0 and var index ? Members[index].Value : null;

    /// <summary>The member's text; null if there is none or it is not a string.</summary>
    public string? TextOf(string name) => (this[name] as JsonString)?.Value;

    /// <summary>The member as an object, empty if it is not an object.</summary>
    public JsonObject ObjectOf(string name) => this[name] as JsonObject ?? Empty;

    /// <summary>
    /// The same with this member, in its place if there is one, else at the end; without it when the value is null.
    /// </summary>
    public JsonObject With(string name, JsonTree? value)
    {
        var index = IndexOf(name);
        if (value is null)
            return index < 0 ? this : this with { Members = Members.RemoveAt(index) };
        var member = KeyValuePair.Create(name, value);
        return this with { Members = index < 0 ? Members.Add(member) : Members.SetItem(index, member) };
    }

    /// <summary>The same without the members of these names.</summary>
    public JsonObject Without(IReadOnlySet<string> names) =>
        this with { Members = Members.RemoveAll(member => names.Contains(member.Key)) };

    /// <summary>The same, without the member when the object is empty.</summary>
    public JsonObject WithUnlessEmpty(string name, JsonObject value) => With(name, value.IsEmpty ? null : value);

    /// <summary>The same with the members of these names before all others, in this order.</summary>
    public JsonObject WithFirst(params ReadOnlySpan<string> names)
    {
        var first = ImmutableArray.CreateBuilder<KeyValuePair<string, JsonTree>>(Members.Length);
        var rest = Members;
        foreach (var name in names)
        {
            if (this[name] is not { } value)
                continue;
            first.Add(KeyValuePair.Create(name, value));
            rest = rest.RemoveAll(member => member.Key == name);
        }

        return this with { Members = first.ToImmutable().AddRange(rest) };
    }

    private int IndexOf(string name)
    {
        for (var index = 0; index < Members.Length; index++)
        {
            if (Members[index].Key == name)
                return index;
        }

        return -1;
    }
}
