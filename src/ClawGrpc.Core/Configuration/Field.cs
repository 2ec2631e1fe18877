using System.Collections.Immutable;
using System.Globalization;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// A value of the configuration and its place, read as what it should be. Null means that it is not, and was refused.
/// </summary>
internal sealed class Field(Reading reading, Json5Value value, KeyPath path)
{
    /// <summary>The value as it stands.</summary>
    public Json5Value Value => value;

    /// <summary>A string with its variables replaced.</summary>
    public string? Text()
    {
        if (value is not Json5String text)
        {
            reading.MisunderstandKind(value, path, "string");
            return null;
        }

        var complete = true;
        var replaced = Substitution.Apply(text.Value, reading.Variable, name =>
        {
            complete = false;
            reading.Refuse(value, path, Substitution.Missing(name, path));
        });
        return complete ? replaced : null;
    }

    public bool? Flag()
    {
        if (value is Json5Boolean flag)
            return flag.Value;
        reading.MisunderstandKind(value, path, "boolean");
        return null;
    }

    /// <summary>A finite number above zero.</summary>
    public double? PositiveNumber()
    {
        if (value is not Json5Number { Value: var number } || !double.IsFinite(number))
        {
            reading.MisunderstandKind(value, path, "number");
            return null;
        }

        if (number > 0)
            return number;
        Misunderstand("Too small: expected number to be >0");
        return null;
    }

    /// <summary>A number above zero and not above <paramref name="most"/>.</summary>
    public double? NumberUpTo(long most)
    {
        var number = PositiveNumber();
        if (!(number > most))
            return number;
        Misunderstand($"Too big: expected number to be <={most}");
        return null;
    }

    /// <summary>A time such as <c>30s</c>, <c>5m</c> or <c>1h</c>, above zero and of a day at most.</summary>
    public TimeSpan? Duration()
    {
        if (Text() is not { } text)
            return null;
        var unit = text.LastOrDefault() switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            _ => TimeSpan.Zero,
        };
        var most = TimeSpan.FromDays(1);
        if (unit > TimeSpan.Zero && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, null, out var count)
            && count > 0 && count <= most / unit)
        {
            return count * unit;
        }

        Misunderstand("Invalid input: expected a time such as 30s, 5m or 1h, of a day at most");
        return null;
    }

    public string? OneOf(params ReadOnlySpan<string> words)
    {
        var text = value is Json5String ? Text() : "";
        if (text is null || words.Contains(text))
            return text;
        Misunderstand("Invalid input");
        return null;
    }

    public ImmutableArray<string>? Texts() => Items()?.Select(item => item.Text()).OfType<string>().ToImmutableArray();

    /// <summary>The items of an array.</summary>
    public IEnumerable<Field>? Items()
    {
        if (value is Json5Array { Items: var items })
            return items.Select((item, index) => new Field(reading, item, path.Of(index)));
        reading.MisunderstandKind(value, path, "array");
        return null;
    }

    /// <summary>The members of an object.</summary>
    /// <param name="expected">What an error calls it: a record when its keys are names.</param>
    public Fields? Section(string expected = "object") => Fields.Of(reading, value, path, expected);

    /// <summary>
    /// A secret in the file, or a reference to one that is kept elsewhere (OpenClaw 2026.9); neither if it is something else.
    /// </summary>
    public (Secret? Text, SecretReference? Reference) SecretInput()
    {
        if (value is not Json5Object reference)
            return Text() is { } text ? (new Secret(text), null) : (null, null);
        var (source, provider, id) = (MemberOf(reference, "source"), MemberOf(reference, "provider"), MemberOf(reference, "id"));
        if (SecretReference.Of(source, provider, id) is { } named)
            return (null, named);
        Misunderstand("Invalid input: expected string or { source, provider, id }");
        return (null, null);
    }

    /// <summary>An error at the place of the value, which others may raise.</summary>
    public ConfigurationError ErrorOf(string reason) =>
        new(value.Source.Name, value.Position.Line, value.Position.Column, path.Shown, reason);

    /// <summary>An error wherever it stands.</summary>
    public void Refuse(string reason) => reading.Refuse(value, path, reason);

    /// <summary>An error in ClawGrpc's own file, a warning in OpenClaw's.</summary>
    public void Misunderstand(string reason) => reading.Misunderstand(value, path, reason);

    /// <summary>Refuses a value of another kind wherever it stands: what would happen without it is not harmless.</summary>
    public bool IsRefusedUnless<T>(string expected)
        where T : Json5Value
    {
        if (value is T)
            return false;
        Refuse(Reading.KindReason(value, expected));
        return true;
    }

    /// <summary>The value is ignored, as OpenClaw does, but its author should know.</summary>
    public void Warn(string reason) => reading.Warn(value, path, reason);

    private static string? MemberOf(Json5Object members, string name) => (members.Find(name)?.Value as Json5String)?.Value;
}
