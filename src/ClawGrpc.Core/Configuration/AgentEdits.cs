using System.Text.Json.Nodes;
using ClawGrpc.Core.Routing;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// What <c>agents add</c> and <c>agents remove</c> do to <c>agents.list</c>, or to <c>agents.entries</c> where a file of OpenClaw
/// 2026.9 has that. Text in, text out: comments and layout stay. Each throws a <see cref="Json5Exception"/> when the file cannot
/// be read, and an <see cref="ArgumentException"/> when a section of it is not an object.
/// </summary>
internal static class AgentEdits
{
    private static readonly Json5Step[] ListPath = ["agents", "list"];
    private static readonly Json5Step[] EntriesPath = ["agents", "entries"];

    /// <summary>
    /// Adds an agent. The first one of a list would become the default agent: the one that is it so far is listed before, as the
    /// default.
    /// </summary>
    /// <param name="agent">The agent: its id, and its name and its model if it has them.</param>
    /// <param name="configured">All configured agents, of this file or of one that it includes.</param>
    /// <param name="defaultId">The default agent before the edit.</param>
    public static ConfigurationEdit Add(string text, AgentEntry agent, AgentsConfiguration configured, string defaultId)
    {
        var document = Json5Document.Parse(text);
        var isFirst = configured.List.IsEmpty && Ids(document).Count == 0;
        if (configured.Find(agent.Id) is not null || Ids(document).Contains(agent.Id) || (isFirst && agent.Id == defaultId))
        {
            return new ConfigurationEdit(text, $"There is an agent \"{agent.Id}\" already.")
            {
                Reason = RefusalReason.AgentExists,
            };
        }

        if (isFirst)
            document = With(document, new AgentEntry(defaultId) { IsDefault = true });
        return ConfigurationEdit.Done(With(document, agent));
    }

    /// <summary>Removes an agent from the list; its files stay. The default agent is removed only as the last one.</summary>
    /// <param name="agentId">As <see cref="AgentEntry.IdOf"/> has it.</param>
    /// <param name="defaultId">The default agent before the edit.</param>
    public static ConfigurationEdit Remove(string text, string agentId, string defaultId)
    {
        var document = Json5Document.Parse(text);
        var ids = Ids(document);
        if (!ids.Contains(agentId))
        {
            return new ConfigurationEdit(text, $"The agent \"{agentId}\" is not in the configuration.")
            {
                Reason = RefusalReason.AgentNotFound,
            };
        }

        if (agentId == defaultId && ids.Exists(other => other != agentId))
        {
            return new ConfigurationEdit(
                text, $"{agentId} is the default agent. Give another one \"default\": true in the configuration first.")
            {
                Reason = RefusalReason.InUse,
            };
        }

        if (document.Find(ListPath) is Json5Array { Items: var items })
        {
            for (var index = items.Length - 1; index >= 0; index--)
            {
                if (IdAt(document, index) == agentId)
                    document = document.Remove([.. ListPath, index]);
            }
        }

        foreach (var key in EntryKeys(document).Where(key => AgentEntry.IdOf(key) == agentId))
            document = document.Remove([.. EntriesPath, key]);
        return ConfigurationEdit.Done(document);
    }

    private static Json5Document With(Json5Document document, AgentEntry agent)
    {
        var isList = document.Find(ListPath) is not null || document.Find(EntriesPath) is null;
        var entry = new JsonObject();
        if (isList)
            entry["id"] = agent.Id;
        if (agent.IsDefault)
            entry["default"] = true;
        if (agent.Name is { } name)
            entry["name"] = name;
        if (agent.Model.Primary is { } model)
            entry["model"] = model;
        return isList
            ? document.Append(ListPath, entry)
            : document.SetValue([.. EntriesPath, agent.Id], entry);
    }

    private static List<string> Ids(Json5Document document) =>
    [
        .. (document.Find(ListPath) is Json5Array { Items: var items } ? Enumerable.Range(0, items.Length) : [])
            .Select(index => IdAt(document, index)).OfType<string>(),
        .. EntryKeys(document).Select(AgentEntry.IdOf),
    ];

    private static string? IdAt(Json5Document document, int index) =>
        document.Find([.. ListPath, index, "id"]) is Json5String { Value: var id } ? AgentEntry.IdOf(id) : null;

    private static List<string> EntryKeys(Json5Document document) => document.Find(EntriesPath) is Json5Object entries
        ? [.. entries.EffectiveMembers().Select(entry => entry.Key)]
        : [];
}
