using System.Text.Json.Nodes;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// What <c>models set</c>, <c>models aliases</c>, <c>models fallbacks</c> and their like for images do to the configuration file
/// (openclaw-spec.md, section 7.5). Text in, text out: comments and layout stay. Each throws a <see cref="Json5Exception"/> when
/// the file cannot be read, and an <see cref="ArgumentException"/> when a section of it is not an object.
/// </summary>
internal static class ModelEdits
{
    private static readonly Json5Step[] ModelsPath = ["agents", "defaults", "models"];

    /// <summary>Makes a model the default, and lists it among <c>agents.defaults.models</c>.</summary>
    /// <param name="model">An alias, a short id or <c>provider/model</c>.</param>
    /// <param name="image">Whether it is about <c>imageModel</c> and not about <c>model</c>.</param>
    public static ConfigurationEdit SetDefault(string text, string model, ModelAliases aliases, bool image = false) =>
        With(
            text, model, aliases, (document, key) =>
                ConfigurationEdit.Done(Listed(WithPrimary(document, ModelPath(image), key), key)));

    /// <summary>Gives a model an alias, in place of one that it has, and lists the model.</summary>
    /// <param name="alias">Letters, digits, dots, underscores, colons and dashes; not yet another model's.</param>
    /// <param name="model">An alias, a short id or <c>provider/model</c>.</param>
    public static ConfigurationEdit AddAlias(string text, string alias, string model, ModelAliases aliases)
    {
        var name = alias.Trim();
        return Problem(name) is { } problem ? new ConfigurationEdit(text, problem) : With(text, model, aliases, (document, key) =>
            Holders(document, name, aliases).FirstOrDefault(other => other != key) is { } taken
                ? new ConfigurationEdit(text, $"Alias {name} already points to {taken}.")
                : ConfigurationEdit.Done(document.SetValue([.. ModelsPath, key, "alias"], name)));
    }

    /// <summary>
    /// Removes an alias; its model stays listed. A default alias goes by an empty one, without which it would be back at once.
    /// </summary>
    /// <param name="alias">As the file has it, or a default one.</param>
    public static ConfigurationEdit RemoveAlias(string text, string alias, ModelAliases aliases)
    {
        var name = alias.Trim();
        if (Problem(name) is { } problem)
            return new ConfigurationEdit(text, problem);
        var document = Json5Document.Parse(text);
        if (Holders(document, name, aliases).FirstOrDefault() is not { } key)
            return new ConfigurationEdit(text, $"Alias not found: {name}");
        Json5Step[] path = [.. ModelsPath, key, "alias"];
        return ConfigurationEdit.Done(document.Find(path) is null ? document.SetValue(path, "") : document.Remove(path));
    }

    /// <summary>Adds a model to the end of the fallbacks, and lists it. Nothing changes when it is one already.</summary>
    /// <param name="model">An alias, a short id or <c>provider/model</c>.</param>
    /// <param name="image">Whether it is about <c>imageModel</c> and not about <c>model</c>.</param>
    public static ConfigurationEdit AddFallback(string text, string model, ModelAliases aliases, bool image = false) =>
        With(text, model, aliases, (document, key) => Places(document, image, key, aliases).Count > 0
            ? new ConfigurationEdit(text)
            : ConfigurationEdit.Done(Listed(Widened(document, image).Append(FallbacksPath(image), key), key)));

    /// <summary>Removes a model from the fallbacks.</summary>
    /// <param name="model">An alias, a short id or <c>provider/model</c>.</param>
    /// <param name="image">Whether it is about <c>imageModel</c> and not about <c>model</c>.</param>
    public static ConfigurationEdit RemoveFallback(string text, string model, ModelAliases aliases, bool image = false) =>
        With(text, model, aliases, (document, key) =>
        {
            var places = Places(document, image, key, aliases);
            return places.Count == 0
                ? new ConfigurationEdit(text, $"{(image ? "Image fallback" : "Fallback")} not found: {key}")
                : ConfigurationEdit.Done(
                    places.OrderDescending().Aggregate(document, (all, index) => all.Remove([.. FallbacksPath(image), index])));
        });

    /// <summary>Empties the fallbacks.</summary>
    /// <param name="image">Whether it is about <c>imageModel</c> and not about <c>model</c>.</param>
    public static ConfigurationEdit ClearFallbacks(string text, bool image = false)
    {
        var document = Widened(Json5Document.Parse(text), image);
        var isClear = document.Find(FallbacksPath(image)) is Json5Array { Items.IsEmpty: true };
        return ConfigurationEdit.Done(isClear ? document : document.SetValue(FallbacksPath(image), new JsonArray()));
    }

    private static Json5Step[] ModelPath(bool image) => ["agents", "defaults", image ? "imageModel" : "model"];

    private static Json5Step[] FallbacksPath(bool image) => [.. ModelPath(image), "fallbacks"];

    private static ConfigurationEdit With(
        string text, string model, ModelAliases aliases, Func<Json5Document, string, ConfigurationEdit> edit) =>
        ModelRef.Parse(model, aliases) is { ProfileId: null } named
            ? edit(Json5Document.Parse(text), named.Key)
            : new ConfigurationEdit(text, $"Invalid model reference: {model}");

    // Replaces a string, which has no room for fallbacks, by an object.
    private static Json5Document WithPrimary(Json5Document document, Json5Step[] path, string key) =>
        document.Find(path) is Json5Object
        ? document.SetValue([.. path, "primary"], key)
        : document.SetValue(path, new JsonObject { ["primary"] = key });

    private static Json5Document Listed(Json5Document document, string key) =>
        document.Find([.. ModelsPath, key]) is null ? document.SetValue([.. ModelsPath, key], new JsonObject()) : document;

    /// <summary>The document with the model as an object, which can hold fallbacks.</summary>
    private static Json5Document Widened(Json5Document document, bool image) =>
        document.Find(ModelPath(image)) is Json5String { Value: var primary }
        ? document.SetValue(ModelPath(image), new JsonObject { ["primary"] = primary })
        : document;

    /// <summary>The keys of the models that an alias means: those of the file, else the default ones.</summary>
    private static IEnumerable<string> Holders(Json5Document document, string alias, ModelAliases aliases) =>
        Aliased(document, alias)
        .Concat(aliases.Entries
            .Where(entry => entry.Alias == alias && document.Find([.. ModelsPath, entry.Key, "alias"]) is null)
            .Select(entry => entry.Key));

    /// <summary>The keys of the models that have an alias.</summary>
    private static IEnumerable<string> Aliased(Json5Document document, string alias) =>
        document.Find(ModelsPath) is Json5Object models
            ? models.EffectiveMembers().Select(entry => entry.Key).Where(key =>
                document.Find([.. ModelsPath, key, "alias"]) is Json5String { Value: var own } && own.Trim() == alias)
            : [];

    /// <summary>The indexes of the fallbacks that mean a model.</summary>
    private static List<int> Places(Json5Document document, bool image, string key, ModelAliases aliases) =>
        document.Find(FallbacksPath(image)) is Json5Array { Items: var fallbacks }
            ? [.. Enumerable.Range(0, fallbacks.Length).Where(index =>
                fallbacks[index] is Json5String { Value: var text } && ModelRef.Parse(text, aliases)?.Key == key)]
            : [];

    private static string? Problem(string alias) => alias.Length == 0 ? "Alias cannot be empty."
        : alias.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or ':' or '-') ? null
        : "Alias must use letters, numbers, dots, underscores, colons, or dashes.";
}
