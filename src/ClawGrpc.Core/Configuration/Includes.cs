using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// <c>$include</c>: an object that names a file stands for that file's content; one that names several, for their contents
/// merged in order. Further keys of the object are merged over it. Relative paths start at the including file's folder.
/// </summary>
internal sealed class Includes(Reading reading)
{
    private const string Key = "$include";
    private const int MaxDepth = 10;
    private const int MaxFiles = 256;

    private int _loaded;

    /// <summary>
    /// The value with everything included. At the root only what <paramref name="isWanted"/> names is looked into: sections
    /// that ClawGrpc does not read may include anything.
    /// </summary>
    public Json5Value ExpandRoot(Json5Value root, Func<string, bool> isWanted) =>
        Expand(root, KeyPath.Root, [FilePath.Resolve("", root.Source.Name)], isWanted);

    private static Json5Value Merge(Json5Value under, Json5Value over)
    {
        switch (under, over)
        {
            case (Json5Array first, Json5Array second):
                return new Json5Array(over.Source, over.Span, [.. first.Items, .. second.Items]);
            case (Json5Object first, Json5Object second):
                var kept = first.EffectiveMembers().Select(member =>
                    second.Find(member.Key) is { } other ? other with { Value = Merge(member.Value, other.Value) } : member);
                var added = second.EffectiveMembers().Where(member => first.Find(member.Key) is null);
                return new Json5Object(over.Source, over.Span, [.. kept, .. added]);
            default:
                return over;
        }
    }

    private Json5Value Expand(
        Json5Value value, KeyPath path, ImmutableArray<string> chain, Func<string, bool> isWanted) => value switch
        {
            Json5Array array => new Json5Array(
                array.Source, array.Span, [.. array.Items
                    .Select((item, index) => Expand(item, path.Of(index), chain, _ => true))]),
            Json5Object members when members.Find(Key) is { } include => Including(members, include.Value, path, chain, isWanted),
            Json5Object members => Members(members, path, chain, isWanted),
            _ => value,
        };

    private Json5Object Members(Json5Object members, KeyPath path, ImmutableArray<string> chain, Func<string, bool> isWanted) =>
        new(members.Source, members.Span, [.. members.EffectiveMembers()
            .Where(member => member.Key != Key)
            .Select(member => isWanted(member.Key)
                ? member with { Value = Expand(member.Value, path.Of(member.Key), chain, _ => true) }
                : member)]);

    private Json5Value Including(
        Json5Object members, Json5Value include, KeyPath path, ImmutableArray<string> chain, Func<string, bool> isWanted)
    {
        var included = Named(include, path.Of(Key))
            .Select(name => Load(name, path.Of(Key), chain, isWanted))
            .OfType<Json5Value>()
            .Aggregate((Json5Value?)null, (under, over) => under is null ? over : Merge(under, over));
        var rest = Members(members, path, chain, isWanted);
        if (included is null || (rest.Members.Length > 0 && included is not Json5Object))
        {
            if (included is not null)
                reading.Refuse(include, path.Of(Key), "Sibling keys require included content to be an object");
            return rest;
        }

        return rest.Members.Length > 0 ? Merge(included, rest) : included;
    }

    private IEnumerable<Json5String> Named(Json5Value include, KeyPath path)
    {
        if (include is Json5String or Json5Array)
        {
            foreach (var name in include is Json5Array several ? several.Items : [include])
            {
                if (name is Json5String text)
                    yield return text;
                else
                    reading.Refuse(name, path, $"Invalid $include array item: expected string, got {name.Kind}");
            }
        }
        else
        {
            reading.Refuse(include, path, $"Invalid $include value: expected string or array of strings, got {include.Kind}");
        }
    }

    private Json5Value? Load(Json5String name, KeyPath path, ImmutableArray<string> chain, Func<string, bool> isWanted)
    {
        var resolved = FilePath.Resolve(name.Source.Name, name.Value);
        var problem = chain.Contains(resolved) ? $"Circular include detected: {string.Join(" -> ", chain.Add(resolved))}"
            : chain.Length > MaxDepth ? $"Maximum include depth ({MaxDepth}) exceeded at: {name.Value}"
            : _loaded++ >= MaxFiles ? $"More than {MaxFiles} files included at: {name.Value}"
            : null;
        if (reading.IsTheirs(name.Source) || ConfigurationReader.IsOfPrograms(resolved))
            reading.NoteTheirs(resolved);
        var text = problem is null ? reading.ReadFile(resolved) : null;
        if (text is null)
        {
            reading.Refuse(name, path, problem ?? $"Failed to read include file: {name.Value} (resolved: {resolved})");
            return null;
        }

        try
        {
            return Expand(Json5Document.Parse(text, resolved).Root, WithoutInclude(path), chain.Add(resolved), isWanted);
        }
        catch (Json5Exception syntax)
        {
            reading.Refuse(syntax);
            return null;
        }
    }

    // Places the included content at the object with the $include.
    private static KeyPath WithoutInclude(KeyPath path) => path.Dotted == Key
        ? KeyPath.Root
        : new KeyPath(path.Dotted[..^(Key.Length + 1)], path.Bracketed[..^(Key.Length + 1)]);
}
