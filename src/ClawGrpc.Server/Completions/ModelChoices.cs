using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Selection;

namespace ClawGrpc.Server.Completions;

/// <summary>The models of an agent, resolved (openclaw-spec.md, sections 2.5, 2.7 and 5.7).</summary>
internal sealed record ModelChoices
{
    private const string OpenClawDefault = "anthropic/claude-opus-4-6";

    /// <summary>As configured, or the built-in default.</summary>
    public required string DefaultText { get; init; }

    /// <summary>The model of requests that name none.</summary>
    public required ModelRef Default { get; init; }

    /// <summary>As <c>provider/model</c>, in order.</summary>
    public required ImmutableArray<ModelRef> Fallbacks { get; init; }

    public required ModelRef? Image { get; init; }

    public required ImmutableArray<ModelRef> ImageFallbacks { get; init; }

    public required ModelAliases Aliases { get; init; }

    /// <summary>Keys of the allow-list, as configured; empty: all models are allowed.</summary>
    public required ImmutableArray<string> Allowed { get; init; }

    public static ModelChoices Of(ClawConfiguration configured, string agentId)
    {
        var agents = configured.Agents;
        var aliases = ModelAliases.Of(agents.Models, ModelAliases.OpenClaw20262);
        var choice = agents.ModelOf(agentId);
        var text = choice.Primary ?? OpenClawDefault;
        return new ModelChoices
        {
            DefaultText = text,
            Default = ModelRef.Parse(text, aliases) ?? ModelRef.Parse(OpenClawDefault, aliases)!,
            Fallbacks = Parsed(choice.Fallbacks, aliases),
            Image = agents.ImageModel.Primary is { } image ? ModelRef.Parse(image, aliases) : null,
            ImageFallbacks = Parsed(agents.ImageModel.Fallbacks, aliases),
            Aliases = aliases,
            Allowed = [.. agents.Models.Select(model => model.Key)],
        };
    }

    /// <summary>Whether a request may ask for it: it is the default, or the allow-list has it, or there is none.</summary>
    public bool IsAllowed(ModelRef model) => Allowed.IsEmpty || model.Key == Default.Key
        || Allowed.Any(key => ModelRef.Parse(key, Aliases)?.Key == model.Key);

    /// <summary>The models to try for a request, the one asked for first. Fallbacks of other providers cannot be served and are left out.</summary>
    public ImmutableArray<string> ToTry(ModelRef asked) => [.. Fallbacks
        .Where(fallback => fallback.Provider == Provider.Anthropic && IsAllowed(fallback)).Select(fallback => fallback.Model)
        .Prepend(asked.Model).Distinct()];

    private static ImmutableArray<ModelRef> Parsed(ImmutableArray<string>? texts, ModelAliases aliases) =>
        [.. (texts ?? []).Select(text => ModelRef.Parse(text, aliases)).OfType<ModelRef>()];
}
