using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Names that stand for models: the aliases of <c>agents.defaults.models</c>, and for models listed there without one, the
/// default ones (openclaw-spec.md, section 2.5). Beyond OpenClaw, <c>opus</c>, <c>sonnet</c> and <c>haiku</c>
/// name a model in every folder, unless an alias of the file says otherwise.
/// </summary>
internal sealed class ModelAliases
{
    /// <summary>The default aliases of Clawdbot, openclaw-cn and OpenClaw 2026.1.</summary>
    public static readonly ImmutableArray<(string Alias, string Key)> OpenClaw20261 = Defaults("anthropic/claude-opus-4-5");

    /// <summary>The default aliases of OpenClaw 2026.2.</summary>
    public static readonly ImmutableArray<(string Alias, string Key)> OpenClaw20262 = Defaults("anthropic/claude-opus-4-6");

    /// <summary>No aliases.</summary>
    public static readonly ModelAliases None = new([], []);

    private static readonly (string Alias, string Key)[] OfClaude =
    [
        ("opus", "anthropic/claude-opus-4-6"),
        ("sonnet", "anthropic/claude-sonnet-4-5"),
        ("haiku", "anthropic/claude-haiku-4-5"),
    ];

    private readonly ImmutableDictionary<string, ModelRef> _models;

    /// <param name="entries">Those that are listed.</param>
    /// <param name="unlisted">Those that are understood too, and not listed; <paramref name="entries"/> go before them.</param>
    private ModelAliases(
        ImmutableArray<(string Alias, string Key)> entries, IEnumerable<(string Alias, string Key)> unlisted)
    {
        Entries = entries;
        _models = unlisted.Concat(entries).Select(entry => (entry.Alias, Model: ModelRef.ParseKey(entry.Key)))
            .Where(entry => entry.Model is not null)
            .Aggregate(
                ImmutableDictionary.Create<string, ModelRef>(StringComparer.OrdinalIgnoreCase),
                (all, entry) => all.SetItem(entry.Alias, entry.Model!));
    }

    /// <summary>Each alias with the key of its model, in the order of the file.</summary>
    public ImmutableArray<(string Alias, string Key)> Entries { get; }

    /// <summary>The aliases of the configured models.</summary>
    /// <param name="models"><c>agents.defaults.models</c>.</param>
    /// <param name="defaults">The default ones of the folder's generation.</param>
    public static ModelAliases Of(
        IEnumerable<ModelEntry> models, ImmutableArray<(string Alias, string Key)> defaults)
    {
        var listed = models.ToList();
        var entries = listed
            .Select(entry => (
                Alias: entry.Alias ?? defaults.FirstOrDefault(known => known.Key == entry.Key).Alias ?? "", entry.Key))
            .Where(entry => entry.Alias.Length > 0);

        // A model that is listed goes before the usual one of its name; an empty alias in the file takes a model's name away.
        var unlisted = OfClaude
            .Select(known => (known.Alias, Key: defaults.FirstOrDefault(own => own.Alias == known.Alias).Key ?? known.Key))
            .Where(known => !listed.Any(entry => entry.Key == known.Key && entry.Alias is ""))
            .Select(known => (known.Alias, listed.Find(entry => entry.Alias is not ""
                && entry.Key.StartsWith($"anthropic/claude-{known.Alias}-", StringComparison.Ordinal))?.Key ?? known.Key));
        return new ModelAliases([.. entries], unlisted);
    }

    /// <summary>The model of an alias, compared without case; null when there is none. The last of several counts.</summary>
    public ModelRef? Find(string alias) => _models.GetValueOrDefault(alias.Trim());

    private static ImmutableArray<(string Alias, string Key)> Defaults(string opus) =>
    [
        ("opus", opus),
        ("sonnet", "anthropic/claude-sonnet-4-5"),
        ("gpt", "openai/gpt-5.2"),
        ("gpt-mini", "openai/gpt-5-mini"),
        ("gemini", "google/gemini-3-pro-preview"),
        ("gemini-flash", "google/gemini-3-flash-preview"),
    ];
}
