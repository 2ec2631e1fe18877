using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// The models that OpenClaw takes as listed though no file lists them (openclaw-spec.md, section 2.5). Status shows them as the
/// programs do; nothing is written to the file, and they do not change what is sent.
/// </summary>
internal static class ImplicitModels
{
    /// <summary>
    /// <c>agents.defaults.models</c>, and the primary model when the configuration's way of authentication is an API key.
    /// </summary>
    /// <param name="configuration">The configuration; one without a file has no implicit models.</param>
    /// <param name="aliases">The default aliases of the folder's generation, by which the primary model may be named.</param>
    /// <param name="environment">
    /// The value of a variable; Clawdbot does not count the configuration's own, later programs do.
    /// </param>
    public static ImmutableArray<ModelEntry> Of(
        ClawConfiguration configuration, ImmutableArray<(string Alias, string Key)> aliases, Func<string, string?> environment)
    {
        var models = configuration.Agents.Models;

        // Without a file there is no primary model either.
        if (configuration.Agents.Model.Primary is not { } primary || !UsesApiKey(configuration.Auth, environment))
            return models;

        var named = aliases.FirstOrDefault(
            known => string.Equals(known.Alias, primary, StringComparison.OrdinalIgnoreCase)).Key ?? primary;
        return ModelRef.ParseKey(named) is { Provider: Provider.Anthropic, Key: var key } && models.All(entry => entry.Key != key)
            ? models.Add(new ModelEntry(key, null, ModelParameters.None))
            : models;
    }

    // Ignores stored profiles: only the order, the declarations and the environment count.
    private static bool UsesApiKey(AuthConfiguration auth, Func<string, string?> environment)
    {
        var declared = auth.Profiles.Where(profile => profile.Provider == Provider.Anthropic).ToList();
        var ordered = auth.Order.GetValueOrDefault(Provider.Anthropic, [])
            .Select(id => declared.FirstOrDefault(profile => profile.Id == id)?.Mode)
            .FirstOrDefault(mode => mode is not null);
        var modes = declared.Select(profile => profile.Mode == "api_key").Distinct().ToList();
        return ordered is not null ? ordered == "api_key"
            : modes is [var only] ? only
            : IsUnset("ANTHROPIC_OAUTH_TOKEN") && !IsUnset("ANTHROPIC_API_KEY");

        bool IsUnset(string name) => string.IsNullOrWhiteSpace(environment(name));
    }
}
