using System.Collections.Immutable;
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
            reading.RefuseKind(value, path, "string");
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
        reading.RefuseKind(value, path, "boolean");
        return null;
    }

    /// <summary>A finite number above zero.</summary>
    public double? PositiveNumber()
    {
        if (value is not Json5Number { Value: var number } || !double.IsFinite(number))
        {
            reading.RefuseKind(value, path, "number");
            return null;
        }

        if (number > 0)
            return number;
        Refuse("Too small: expected number to be >0");
        return null;
    }

    /// <summary>A number above zero and not above <paramref name="most"/>.</summary>
    public double? NumberUpTo(int most)
    {
        var number = PositiveNumber();
        if (!(number > most))
            return number;
        Refuse($"Too big: expected number to be <={most}");
        return null;
    }

    public string? OneOf(params ReadOnlySpan<string> words)
    {
        var text = value is Json5String ? Text() : "";
        if (text is null || words.Contains(text))
            return text;
        Refuse("Invalid input");
        return null;
    }

    public ImmutableArray<string>? Texts() => Items()?.Select(item => item.Text()).OfType<string>().ToImmutableArray();

    /// <summary>The items of an array.</summary>
    public IEnumerable<Field>? Items()
    {
        if (value is Json5Array { Items: var items })
            return items.Select((item, index) => new Field(reading, item, path.Of(index)));
        reading.RefuseKind(value, path, "array");
        return null;
    }

    /// <summary>The members of an object.</summary>
    /// <param name="expected">What an error calls it: a record when its keys are names.</param>
    public Fields? Section(string expected = "object") => Fields.Of(reading, value, path, expected);

    public void Refuse(string reason) => reading.Refuse(value, path, reason);

    /// <summary>The value is ignored, as OpenClaw does, but its author should know.</summary>
    public void Warn(string reason) => reading.Warn(value, path, reason);
}
