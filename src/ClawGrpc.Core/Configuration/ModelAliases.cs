using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Names that stand for models: the aliases of <c>agents.defaults.models</c>, and for models listed there without one, the
/// default ones (openclaw-spec.md, section 2.5).
/// </summary>
internal sealed class ModelAliases
{
    /// <summary>The default aliases of Clawdbot, openclaw-cn and OpenClaw 2026.1.</summary>
    public static readonly ImmutableArray<(string Alias, string Key)> OpenClaw20261 = Defaults("anthropic/claude-opus-4-5");

    /// <summary>The default aliases of OpenClaw 2026.2.</summary>
    public static readonly ImmutableArray<(string Alias, string Key)> OpenClaw20262 = Defaults("anthropic/claude-opus-4-6");

    /// <summary>No aliases.</summary>
    public static readonly ModelAliases None = new([]);

    private readonly ImmutableDictionary<string, ModelRef> _models;

    private ModelAliases(ImmutableArray<(string Alias, string Key)> entries)
    {
        Entries = entries;
        _models = entries.Select(entry => (entry.Alias, Model: ModelRef.ParseKey(entry.Key)))
            .Where(entry => entry.Model is not null)
            .Aggregate(
                ImmutableDictionary.Create<string, ModelRef>(StringComparer.OrdinalIgnoreCase),
                (all, entry) => all.SetItem(entry.Alias, entry.Model!));
    }

    /// <summary>Each alias with the key of its model, in the order of the file.</summary>
    public ImmutableArray<(string Alias, string Key)> Entries { get; }

    /// <summary>The aliases of the configured models.</summary>
    /// <param name="models"><c>agents.defaults.models</c>.</param>
    public static ModelAliases Of(
        IEnumerable<ModelEntry> models, ImmutableArray<(string Alias, string Key)> defaults) => new([.. models
        .Select(entry => (Alias: entry.Alias ?? defaults.FirstOrDefault(known => known.Key == entry.Key).Alias ?? "", entry.Key))
        .Where(entry => entry.Alias.Length > 0)]);

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
