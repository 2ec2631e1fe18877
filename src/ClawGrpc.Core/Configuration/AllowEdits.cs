using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ClawGrpc.Core.Routing;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// What <c>models allow</c> and <c>models disallow</c> do to <c>agents.defaults.models</c>, which is the allow-list unless it is
/// empty. Text in, text out: comments and layout stay. Each throws a <see cref="Json5Exception"/> when the file cannot be read,
/// and an <see cref="ArgumentException"/> when a section of it is not an object.
/// </summary>
internal static class AllowEdits
{
    private static readonly Json5Step[] ModelsPath = ["agents", "defaults", "models"];

    /// <summary>Adds models to the list; those that are in it stay as they are.</summary>
    /// <param name="models">Each an alias, a short id or <c>provider/model</c>.</param>
    public static ConfigurationEdit Allow(string text, IEnumerable<string> models, ModelAliases aliases)
    {
        var document = Json5Document.Parse(text);
        foreach (var model in models)
        {
            if (ModelRef.Parse(model, aliases) is not { ProfileId: null } named)
                return new ConfigurationEdit(text, $"Invalid model reference: {model}");
            if (!Keys(document).Any(key => Means(key, named)))
                document = document.SetValue([.. ModelsPath, named.Key], new JsonObject());
        }

        return ConfigurationEdit.Done(document);
    }

    /// <summary>
    /// Removes models from the list, with their aliases and parameters. Without the last one there is no list. Of a list that
    /// remains, what is used stays.
    /// </summary>
    /// <param name="models">Each an alias, a short id or <c>provider/model</c>.</param>
    /// <param name="uses">From the key of a model to why it must stay, as <see cref="UsesOf"/> has it.</param>
    public static ConfigurationEdit Disallow(
        string text, IEnumerable<string> models, ModelAliases aliases, ImmutableDictionary<string, string> uses)
    {
        var document = Json5Document.Parse(text);
        var used = new List<string>();
        foreach (var model in models)
        {
            if (ModelRef.Parse(model, aliases) is not { ProfileId: null } named)
                return new ConfigurationEdit(text, $"Invalid model reference: {model}");
            var keys = Keys(document).Where(key => Means(key, named)).ToList();
            if (keys.Count == 0)
                return new ConfigurationEdit(text, $"Not in the list of allowed models: {named.Key}");
            document = keys.Aggregate(document, (all, key) => all.Remove([.. ModelsPath, key]));
            if (uses.GetValueOrDefault(named.Key) is { } use)
                used.Add(use);
        }

        return used.Count == 0 || Keys(document).Count == 0
            ? ConfigurationEdit.Done(document)
            : new ConfigurationEdit(text, used[0]) { Reason = RefusalReason.InUse };
    }

    /// <summary>From the key of a model that must stay allowed to the reason, with the way out.</summary>
    /// <param name="agents">The configuration.</param>
    /// <param name="defaultModel">The model of agents without one of their own.</param>
    /// <param name="aliases">The names of models.</param>
    public static ImmutableDictionary<string, string> UsesOf(
        AgentsConfiguration agents, string defaultModel, ModelAliases aliases)
    {
        var uses = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var agent in agents.List)
        {
            foreach (var model in (agent.Model.Fallbacks ?? []).Prepend(agent.Model.Primary ?? ""))
                Use(model, key => $"{key} is a model of the agent {agent.Id}. Change that in agents.list first.");
        }

        foreach (var fallback in agents.Model.Fallbacks ?? [])
            Use(fallback, key => $"{key} is a fallback. Remove it there first: claw models fallbacks remove {key}");
        Use(defaultModel, key => $"{key} is the default model. Set another one first: claw models set NAME");
        return uses.ToImmutable();

        void Use(string model, Func<string, string> reason)
        {
            if (ModelRef.Parse(model, aliases)?.Key is { } key)
                uses[key] = reason(key);
        }
    }

    // A key is no alias, though it may look like one.
    private static bool Means(string key, ModelRef model) => ModelRef.ParseKey(key)?.Key == model.Key;

    private static List<string> Keys(Json5Document document) => document.Find(ModelsPath) is Json5Object models
        ? [.. models.EffectiveMembers().Select(entry => entry.Key)]
        : [];
}
