using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>The models of an agent, resolved (openclaw-spec.md, sections 2.5, 2.7 and 5.7).</summary>
internal sealed record ModelChoices
{
    /// <summary>As configured, or the built-in default.</summary>
    public required string DefaultText { get; init; }

    /// <summary>The model of requests that name none.</summary>
    public required ModelRef Default { get; init; }

    /// <summary>Whether the default model is the agent's own, not that of all agents.</summary>
    public required bool OwnDefault { get; init; }

    /// <summary>Whether the fallbacks are the agent's own, not those of all agents.</summary>
    public required bool OwnFallbacks { get; init; }

    /// <summary>As <c>provider/model</c>, in order.</summary>
    public required ImmutableArray<ModelRef> Fallbacks { get; init; }

    /// <summary>As configured, for the status.</summary>
    public required ImmutableArray<string> FallbackTexts { get; init; }

    public required ModelRef? Image { get; init; }

    /// <summary>As configured; null if there is none.</summary>
    public required string? ImageText { get; init; }

    public required ImmutableArray<ModelRef> ImageFallbacks { get; init; }

    /// <summary>As configured.</summary>
    public required ImmutableArray<string> ImageFallbackTexts { get; init; }

    public required ModelAliases Aliases { get; init; }

    /// <summary>Keys of the allow-list, as configured; empty if all models are allowed.</summary>
    public required ImmutableArray<string> Allowed { get; init; }

    /// <summary>
    /// The allow-list as the folder's programs show it, with what they add to it (openclaw-spec.md, section 2.5). It is not
    /// enforced.
    /// </summary>
    public required ImmutableArray<string> Shown { get; init; }

    /// <summary>Resolves the models of an agent.</summary>
    /// <param name="configured">The configuration.</param>
    /// <param name="agentId">The agent.</param>
    /// <param name="generation">The programs whose defaults hold.</param>
    /// <param name="environment">The value of a variable; null if it is not set.</param>
    public static ModelChoices Of(
        ClawConfiguration configured, string agentId, Generation generation, Func<string, string?> environment)
    {
        var agents = configured.Agents;
        var shown = ImplicitModels.Of(configured, generation.Aliases, environment);
        var aliases = ModelAliases.Of(shown, generation.Aliases);
        var own = agents.Find(agentId)?.Model ?? ModelChoice.None;
        var choice = own.Over(agents.Model);
        var text = choice.Primary ?? generation.DefaultModel;
        return new ModelChoices
        {
            DefaultText = text,
            OwnDefault = own.Primary is not null,
            OwnFallbacks = own.Fallbacks is not null,
            Default = ModelRef.Parse(text, aliases) ?? ModelRef.Parse(generation.DefaultModel, aliases)!,
            Fallbacks = Parsed(choice.Fallbacks, aliases),
            FallbackTexts = choice.Fallbacks ?? [],
            Image = agents.ImageModel.Primary is { } image ? ModelRef.Parse(image, aliases) : null,
            ImageText = agents.ImageModel.Primary,
            ImageFallbackTexts = agents.ImageModel.Fallbacks ?? [],
            ImageFallbacks = Parsed(agents.ImageModel.Fallbacks, aliases),
            Aliases = aliases,
            Allowed = [.. agents.Models.Select(model => model.Key)],
            Shown = [.. shown.Select(model => model.Key)],
        };
    }

    /// <summary>
    /// Whether a request may name the model: it is the default or in the allow-list, or there is no allow-list.
    /// </summary>
    public bool IsAllowed(ModelRef model) => Allowed.IsEmpty || model.Key == Default.Key
        || Allowed.Any(key => ModelRef.Parse(key, Aliases)?.Key == model.Key);

    /// <summary>Whether the configuration names the model, or the folder's programs do.</summary>
    public bool Names(ModelRef model) => Fallbacks.Concat(ImageFallbacks).Append(Default).Append(Image)
        .Concat(Shown.Select(ModelRef.ParseKey)).Any(named => named?.Key == model.Key);

    /// <summary>
    /// The models to try for a request, the requested one first. Leaves out fallbacks of other providers, which cannot be served.
    /// </summary>
    public ImmutableArray<string> ToTry(ModelRef asked) => Fallbacks.IsEmpty ? [asked.Model] : [.. Fallbacks
        .Where(fallback => fallback.Provider == Provider.Anthropic && IsAllowed(fallback)).Select(fallback => fallback.Model)
        .Prepend(asked.Model).Distinct()];

    private static ImmutableArray<ModelRef> Parsed(ImmutableArray<string>? texts, ModelAliases aliases) =>
        [.. (texts ?? []).Select(text => ModelRef.Parse(text, aliases)).OfType<ModelRef>()];
}
