using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ClawGrpc.Testing;

/// <summary>Which namespaces of a compiled assembly use which others, and through which types.</summary>
internal sealed class NamespaceGraph
{
    private const int MostExamples = 5;
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> _uses = new(StringComparer.Ordinal);

    private NamespaceGraph()
    {
    }

    /// <summary>Reads an assembly without loading it. Constants leave no trace in it, everything else does.</summary>
    public static NamespaceGraph Of(string assemblyPath)
    {
        var graph = new NamespaceGraph();
        using var file = new PEReader(File.OpenRead(assemblyPath));
        var metadata = file.GetMetadataReader();
        foreach (var user in metadata.TypeDefinitions)
        {
            foreach (var used in TypeReferences.Of(user, file, metadata))
                graph.Add(Outermost(user, metadata), Outermost(used, metadata));
        }

        return graph;
    }

    /// <summary>Fails if namespaces of the assembly use each other in a circle, and names the types that make it.</summary>
    public static void AssertNoCircle(string assemblyPath)
    {
        if (Of(assemblyPath).Circles() is [_, ..] circles)
        {
            Assert.Fail(
                $"Namespaces of {Path.GetFileName(assemblyPath)} use each other in a circle:\n\n{string.Join("\n\n", circles)}");
        }
    }

    /// <summary>The shortest circle through each namespace that is part of one, one line for each arrow.</summary>
    public IReadOnlyList<string> Circles() =>
    [
        .. _uses.Keys.Select(ShortestCircle).Where(circle => circle.Count > 0)
            .DistinctBy(circle => string.Join('|', circle.Order(StringComparer.Ordinal)))
            .Select(circle => string.Join('\n', circle.Select((name, index) => Arrow(name, circle[(index + 1) % circle.Count])))),
    ];

    private void Add((string Namespace, string Name) user, (string Namespace, string Name) used)
    {
        // The compiler declares its own types, such as `<>z__ReadOnlyArray`, beside Program, outside of every namespace.
        if (user.Namespace == used.Namespace || used.Name.StartsWith('<'))
            return;
        if (!_uses.TryGetValue(user.Namespace, out var targets))
            _uses[user.Namespace] = targets = new(StringComparer.Ordinal);
        if (!targets.TryGetValue(used.Namespace, out var examples))
            targets[used.Namespace] = examples = new(StringComparer.Ordinal);
        examples.Add($"{user.Name} uses {used.Name}");
    }

    private List<string> ShortestCircle(string start)
    {
        var cameFrom = new Dictionary<string, string>();
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out var name))
        {
            foreach (var target in _uses.GetValueOrDefault(name)?.Keys.AsEnumerable() ?? [])
            {
                if (target == start)
                    return PathTo(name);
                if (cameFrom.TryAdd(target, name))
                    next.Enqueue(target);
            }
        }

        return [];

        List<string> PathTo(string end) => end == start ? [start] : [.. PathTo(cameFrom[end]), end];
    }

    private string Arrow(string from, string to)
    {
        var examples = _uses[from][to];
        var more = examples.Count > MostExamples ? $", and {examples.Count - MostExamples} more" : "";
        return $"{from} -> {to}: {string.Join(", ", examples.Take(MostExamples))}{more}";
    }

    // A nested type, compiler-generated or not, is part of the type that declares it.
    private static (string Namespace, string Name) Outermost(TypeDefinitionHandle handle, MetadataReader metadata)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return (metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }
}
