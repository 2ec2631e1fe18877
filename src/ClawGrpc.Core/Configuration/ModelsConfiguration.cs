using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>The section <c>models</c> (openclaw-spec.md, section 2.3).</summary>
internal sealed record ModelsConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static readonly ModelsConfiguration None = new();

    /// <summary>Whether the providers' models replace the built-in ones instead of joining them (<c>models.mode</c>).</summary>
    public bool ReplacesBuiltIn { get; init; }

    /// <summary><c>models.providers</c> in the order of the file.</summary>
    public ImmutableArray<ProviderConfiguration> Providers { get; init; } = [];

    /// <summary>The provider that ClawGrpc sends requests to; null when it is not configured.</summary>
    public ProviderConfiguration? Anthropic =>
        Providers.FirstOrDefault(provider => Provider.Normalize(provider.Id) == Provider.Anthropic);

    internal static ModelsConfiguration Read(Fields models)
    {
        var read = new ModelsConfiguration
        {
            ReplacesBuiltIn = models.OneOf("mode", "merge", "replace") == "replace",
            Providers = models.Find("providers")?.IsRefusedUnless<Json5Object>("record") == true
                ? []
                : models.Map("providers", ReadProvider),
        };
        models.Ignore("bedrockDiscovery", "catalogRefresh");
        models.RefuseOthers();
        return read;
    }

    // Without the one that serves, requests would go elsewhere.
    private static ProviderConfiguration? ReadProvider(string id, Field field)
    {
        if (Provider.Normalize(id) == Provider.Anthropic && field.IsRefusedUnless<Json5Object>("object"))
            return null;
        return field.Section() is { } provider ? ProviderConfiguration.Read(id, provider) : null;
    }
}
