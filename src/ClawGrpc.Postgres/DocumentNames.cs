using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>The names of documents: the paths that they have in a state folder.</summary>
internal static class DocumentNames
{
    public const string Clients = "clients.json";
    public const string Spending = "budgets.json";

    private const string Scheme = "postgres:";
    private const string Agents = "agents/";
    private const string Profiles = $"/agent/{StateFolder.AuthProfiles}";
    private const string Origins = $"/agent/{OriginsFile.Name}";

    /// <summary>A document for people, in the place of a file's path.</summary>
    public static string PlaceOf(string name) => $"{Scheme}{name}";

    public static string ProfilesOf(string agentId) => $"{Agents}{agentId}{Profiles}";

    public static string OriginsOf(string agentId) => $"{Agents}{agentId}{Origins}";

    /// <summary>The agent whose profiles a document is; null if it is something else.</summary>
    public static string? AgentOfProfiles(string name) => Between(name, Profiles);

    /// <summary>The agent that a document belongs to; null if it belongs to none.</summary>
    public static string? AgentOf(string name) => Between(name, Profiles) ?? Between(name, Origins);

    /// <summary>
    /// The document that stands for a file: of the state folder by its path in there, of others by the whole path.
    /// </summary>
    public static string OfFile(StateFolder folder, string path) =>
        Path.GetRelativePath(folder.Path, path) is var relative && !relative.StartsWith("..", StringComparison.Ordinal)
            ? relative
            : path;

    private static string? Between(string name, string end) =>
        name.StartsWith(Agents, StringComparison.Ordinal) && name.EndsWith(end, StringComparison.Ordinal)
        && name.Length > Agents.Length + end.Length
            ? name[Agents.Length..^end.Length]
            : null;
}
