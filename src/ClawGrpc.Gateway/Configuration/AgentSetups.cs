using System.Collections.Concurrent;
using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>
/// Resolves the <see cref="AgentSetup"/> of each agent, once for each configuration in force, and again when a secret that the
/// configuration refers to changes.
/// </summary>
internal sealed class AgentSetups(LiveConfiguration configuration, SecretResolver secrets)
{
    // The origin that was configured when a key outside of the profiles was first seen.
    private readonly ConcurrentDictionary<Secret, string> _origins = new();
    private volatile Made _made = new(null!, ImmutableDictionary<string, AgentSetup>.Empty);

    public AgentSetup Of(string agentId)
    {
        var state = configuration.Current;
        var made = _made;
        if (ReferenceEquals(made.Of, state.Configuration) && made.Setups.TryGetValue(agentId, out var setup)
            && (setup.References.IsEmpty || setup.References.All(known => secrets.Resolve(known.Key) == known.Value)))
        {
            return setup;
        }
        setup = Make(agentId, state.Configuration);
        var setups = ReferenceEquals(made.Of, state.Configuration) ? made.Setups : ImmutableDictionary<string, AgentSetup>.Empty;
        _made = new Made(state.Configuration, setups.SetItem(agentId, setup));
        return setup;
    }

    /// <summary>Lets the keys outside of the profiles go to the configured origin.</summary>
    public void ConfirmOrigin()
    {
        _origins.Clear();
        _made = new Made(null!, ImmutableDictionary<string, AgentSetup>.Empty);
    }

    private AgentSetup Make(string agentId, ClawConfiguration configured)
    {
        var anthropic = configured.Models.Anthropic;
        var service = configured.Service;
        var generation = configuration.Generation;
        var references = ReferencesOf(anthropic);
        var (headers, faults) = HeadersOf(anthropic, references);
        var (baseUrl, origin) = (configuration.UpstreamUrl, configuration.Origin);
        return new AgentSetup
        {
            Auth = configured.AuthSettings with { Origin = origin, Rank = generation.Rank },
            Health = configured.Auth.Health,
            References = references,
            FallbackKeys = FallbackKeysOf(anthropic, references, service.Subscriptions, origin),
            MessagesUrl = UrlOf(baseUrl, "messages"),
            CountUrl = UrlOf(baseUrl, "messages/count_tokens"),
            ModelsUrl = configured.Models.ReplacesBuiltIn && anthropic is { Models.IsEmpty: false }
                ? null
                : UrlOf(baseUrl, "models"),
            IsLocal = IsLocal(anthropic?.BaseUrl),
            ProviderModels = anthropic?.Models ?? [],
            Headers = headers,
            HeaderFaults = faults,
            ExtendedCacheTtl = service.ExtendedCacheTtlBeta switch
            {
                ExtendedCacheTtlBeta.Always => BetaUse.Always,
                ExtendedCacheTtlBeta.Never => BetaUse.Never,
                _ => BetaUse.WhenNeeded,
            },
            Prices = new Prices(ListPrices.Table, (anthropic?.Models ?? []).Where(model => model.Price is not null)
                .Aggregate(ImmutableDictionary<string, ModelPrice>.Empty, (all, model) => all.SetItem(model.Id, model.Price!))),
            Models = ModelChoices.Of(configured, agentId, generation, name => generation.OwnVariablesCount
                ? configuration.Variable(name)?.Reveal()
                : Environment.GetEnvironmentVariable(name)),
            DefaultRetention = generation.DefaultRetention,
            FirstEvent = service.FirstEvent,
            Idle = service.Idle,
            MaxAttempts = service.Attempts,
            AnswerBytes = service.AnswerBytes,
            Parameters = configured.Agents.Find(agentId)?.Parameters ?? ModelParameters.None,
            ModelParameters = configured.Agents.Models.Aggregate(
                ImmutableDictionary<string, ModelParameters>.Empty, (all, model) => all.SetItem(model.Key, model.Parameters)),
        };
    }

    // In the order in which they serve.
    private ImmutableArray<FallbackKey> FallbackKeysOf(
        ProviderConfiguration? anthropic,
        ImmutableDictionary<SecretReference, ResolvedSecret> references,
        bool subscriptions,
        string origin)
    {
        var keys = ImmutableArray.CreateBuilder<FallbackKey>();
        foreach (var name in new[] { "ANTHROPIC_OAUTH_TOKEN", "ANTHROPIC_API_KEY" })
        {
            if (configuration.Variable(name) is { } value)
                keys.Add(new FallbackKey(value, $"env: {name}"));
        }

        if (anthropic?.ApiKey is { IsBlank: false } key)
            keys.Add(new FallbackKey(key, "models.json"));
        else if (anthropic?.ApiKeyReference is { } reference)
            keys.Add(FallbackKey.Of(reference, references[reference], "models.json"));
        return [.. keys.Where(each => subscriptions || !RequestHeaders.IsBearer(each.Key)).Select(key => Bound(key, origin))];
    }

    private FallbackKey Bound(FallbackKey key, string origin)
    {
        if (key.Unusable is not null || _origins.GetOrAdd(key.Key, origin) is var own && own == origin)
            return key;
        return key with { Unusable = new Ineligible(key.Source, Eligibility.OriginChanged, Eligible.Words(own, origin)) };
    }

    private ImmutableDictionary<SecretReference, ResolvedSecret> ReferencesOf(ProviderConfiguration? anthropic)
    {
        if (anthropic is null || (anthropic.ApiKeyReference is null && anthropic.HeaderReferences.IsEmpty))
            return ImmutableDictionary<SecretReference, ResolvedSecret>.Empty;
        return anthropic.HeaderReferences.Values.Append(anthropic.ApiKeyReference).OfType<SecretReference>().Distinct()
            .ToImmutableDictionary(reference => reference, secrets.Resolve);
    }

    private static (ImmutableArray<KeyValuePair<string, string>> Headers, ImmutableArray<Ineligible> Faults) HeadersOf(
        ProviderConfiguration? anthropic, ImmutableDictionary<SecretReference, ResolvedSecret> references)
    {
        if (anthropic is null)
            return ([], []);
        var headers = anthropic.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.Reveal())).ToList();
        var faults = ImmutableArray.CreateBuilder<Ineligible>();
        foreach (var (name, reference) in anthropic.HeaderReferences.OrderBy(header => header.Key, StringComparer.Ordinal))
        {
            var key = FallbackKey.Of(reference, references[reference], $"models.providers.anthropic.headers.{name}");
            if (key.Unusable is { } fault)
                faults.Add(fault);
            else
                headers.Add(KeyValuePair.Create(name, HeaderText.Trim(key.Key.Reveal())));
        }

        return ([.. headers.OrderBy(header => header.Key, StringComparer.Ordinal)], faults.ToImmutable());
    }

    private static bool IsLocal(string? baseUrl) => Uri.TryCreate(baseUrl?.Trim(), UriKind.Absolute, out var url)
        && (url.IdnHost is "localhost" or "127.0.0.1" or "0.0.0.0" or "::1"
            || url.IdnHost.EndsWith(".local", StringComparison.OrdinalIgnoreCase));

    private static Uri UrlOf(string baseUrl, string resource)
    {
        var trimmed = baseUrl.Trim().TrimEnd('/');
        return new Uri(trimmed.EndsWith("/v1", StringComparison.Ordinal) ? $"{trimmed}/{resource}" : $"{trimmed}/v1/{resource}");
    }

    private sealed record Made(ClawConfiguration Of, ImmutableDictionary<string, AgentSetup> Setups);
}
