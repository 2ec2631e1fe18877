using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>docs/kubernetes.yaml. All scalars are texts.</summary>
internal static class Manifest
{
    public static readonly string Path = System.IO.Path.Join(Repository.Root, "docs/kubernetes.yaml");

    /// <summary>The objects, by kind and name.</summary>
    public static IReadOnlyList<JsonNode> Objects { get; } = [.. Read()];

    /// <summary>The specs of pods, of whatever makes them.</summary>
    public static IEnumerable<(string Owner, JsonNode Spec, JsonNode? Labels)> Pods => Objects.Select(each =>
            (Owner: $"{each["kind"]}", Template: $"{each["kind"]}" == "Pod" ? each : each["spec"]?["template"]))
        .Where(each => each.Template is not null)
        .Select(each => (each.Owner, each.Template!["spec"]!, each.Template!["metadata"]?["labels"]));

    public static JsonNode Find(string kind) => Objects.Single(each => $"{each["kind"]}" == kind);

    /// <summary>The containers of a pod, those that run first included.</summary>
    public static IEnumerable<JsonNode> ContainersOf(JsonNode spec) =>
        Items(spec["initContainers"]).Concat(Items(spec["containers"]));

    public static IEnumerable<JsonNode> Items(JsonNode? list) => (list as JsonArray ?? []).Select(each => each!);

    public static IReadOnlyList<string> Texts(JsonNode? list) => [.. Items(list).Select(each => $"{each}")];

    /// <summary>Command and arguments of a container.</summary>
    public static IReadOnlyList<string> LineOf(JsonNode container) =>
        [.. Texts(container["command"]), .. Texts(container["args"])];

    public static Dictionary<string, string> EnvironmentOf(JsonNode container) =>
        Items(container["env"]).ToDictionary(each => $"{each["name"]}", each => $"{each["value"]}");

    private static IEnumerable<JsonNode> Read()
    {
        var json = new SerializerBuilder().JsonCompatible().Build();
        var yaml = new DeserializerBuilder().Build();
        using var text = File.OpenText(Path);
        var parser = new Parser(text);
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
            yield return JsonNode.Parse(json.Serialize(yaml.Deserialize(parser)!))!;
    }
}
