using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Reads the members of an object one by one. What is wrong is noted, in the words of OpenClaw, and reading goes on, so that
/// all errors come at once. A member that has not been read when <see cref="RefuseOthers"/> is called is unknown.
/// </summary>
internal sealed class Fields(Reading reading, Json5Object source, KeyPath path)
{
    private readonly HashSet<string> _asked = [];

    /// <summary>The members of an object; null, and an error, when the value is something else.</summary>
    /// <param name="expected">What an error calls it: a record when its keys are names.</param>
    public static Fields? Of(Reading reading, Json5Value value, KeyPath path, string expected = "object")
    {
        if (value is Json5Object members)
            return new Fields(reading, members, path);
        reading.MisunderstandKind(value, path, expected);
        return null;
    }

    /// <summary>The value of a member with its place; null when there is none.</summary>
    public Field? Find(string key)
    {
        _asked.Add(key);
        return source.Find(key) is { } member ? new Field(reading, member.Value, path.Of(key)) : null;
    }

    /// <summary>Members that are known but none of ClawGrpc's business.</summary>
    public void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            _asked.Add(key);
    }

    /// <summary>A string; null when there is none.</summary>
    public string? Text(string key) => Find(key)?.Text();

    /// <summary>A string that must be there, and may be empty.</summary>
    public string? RequiredText(string key)
    {
        if (Find(key) is { } field)
            return field.Text();
        reading.Misunderstand(source, path.Of(key), "Invalid input: expected string, received undefined");
        return null;
    }

    /// <summary>A string that must be there, and must not be empty.</summary>
    public string? RequiredName(string key)
    {
        var text = RequiredText(key);
        if (text is not "")
            return text;
        Find(key)!.Misunderstand("Too small: expected string to have >=1 characters");
        return null;
    }

    /// <summary>True or false; null when there is none.</summary>
    public bool? Flag(string key) => Find(key)?.Flag();

    /// <summary>A finite number above zero; null when there is none.</summary>
    public double? PositiveNumber(string key) => Find(key)?.PositiveNumber();

    /// <summary>One of several words; null when there is none.</summary>
    public string? OneOf(string key, params ReadOnlySpan<string> words) => Find(key)?.OneOf(words);

    /// <summary>One of several words, which must be there.</summary>
    public string? RequiredOneOf(string key, params ReadOnlySpan<string> words)
    {
        if (Find(key) is { } field)
            return field.OneOf(words);
        reading.Misunderstand(source, path.Of(key), "Invalid input");
        return null;
    }

    /// <summary>An array of strings; null when there is none.</summary>
    public ImmutableArray<string>? Texts(string key) => Find(key)?.Texts();

    /// <summary>The items of an array, which must be there.</summary>
    public IEnumerable<Field> RequiredItems(string key)
    {
        if (Find(key) is { } field)
            return field.Items() ?? [];
        reading.Misunderstand(source, path.Of(key), "Invalid input: expected array, received undefined");
        return [];
    }

    /// <summary>An object with members of its own; null when there is none.</summary>
    public Fields? Section(string key) => Find(key)?.Section();

    /// <summary>An object whose keys are names: what each means, in the order of the file.</summary>
    public ImmutableArray<T> Map<T>(string key, Func<string, Field, T?> read)
        where T : class => Find(key)?.Section("record") is { } entries
            ? [.. entries.All().Select(entry => read(entry.Name, entry.Field)).OfType<T>()]
            : [];

    /// <summary>An object whose keys are names and whose values are objects.</summary>
    public ImmutableArray<T> Sections<T>(string key, Func<string, Fields, T?> read)
        where T : class => Map(key, (name, field) => field.Section() is { } section ? read(name, section) : null);

    /// <summary>All members, each key once.</summary>
    public IEnumerable<(string Name, Field Field)> All() =>
        source.EffectiveMembers().Select(member => (member.Key, new Field(reading, member.Value, path.Of(member.Key))));

    /// <summary>Whether the object itself stands in a file of OpenClaw's.</summary>
    public bool AreTheirs => reading.IsTheirs(source.Source);

    /// <summary>Refuses the object for one of its members, or for a member of that; empty: for the object as a whole.</summary>
    public void Refuse(string member, string reason) =>
        reading.Refuse(source.Find(member.Split('.')[0])?.Value ?? source, member.Length > 0 ? path.Of(member) : path, reason);

    /// <summary>Refuses the members that have not been read; in a file of OpenClaw's it warns of them.</summary>
    public void RefuseOthers()
    {
        foreach (var member in source.EffectiveMembers().Where(member => !_asked.Contains(member.Key)))
            reading.Misunderstand(member, path, $"Unrecognized key: \"{member.Key}\"");
    }
}
