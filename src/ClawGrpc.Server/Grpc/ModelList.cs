using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc;

/// <summary>The models an agent can use: those that its configuration names, then upstream's others.</summary>
/// <param name="setup">The configuration.</param>
/// <param name="store">The agent's profiles.</param>
/// <param name="providers">The providers of which the agent has a credential.</param>
/// <param name="upstream">Upstream's list; null: it is not here.</param>
/// <param name="now">The time.</param>
internal sealed class ModelList(
    AgentSetup setup,
    ProfileStore store,
    IReadOnlyCollection<Gateway.Status.ProviderStatus> providers,
    UpstreamModels? upstream,
    DateTimeOffset now)
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    private readonly Dictionary<string, ListedModel> _listed = (upstream?.Models ?? [])
        .GroupBy(model => KeyOf(model.Id), StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);

    /// <exception cref="RefusedException">INVALID_FIELD.</exception>
    public static void Check(ListModelsRequest request)
    {
        if (request.PageSize is < 0 or > LargestPage)
            throw Refusal.InvalidField("page_size", $"Expected 0 to {LargestPage}").ToException();
    }

    /// <exception cref="RefusedException">INVALID_FIELD: the token is of no page.</exception>
    public ListModelsResponse Page(ListModelsRequest request, string problem)
    {
        var keys = Keys(request.ConfiguredOnly);
        var start = request.PageToken.Length == 0 ? 0 : keys.IndexOf(request.PageToken) + 1;
        if (start == 0 && request.PageToken.Length > 0)
            throw Refusal.InvalidField("page_token", "Expected the next_page_token of the page before").ToException();
        var page = keys.Skip(start).Take(request.PageSize == 0 ? DefaultPage : request.PageSize).ToList();
        var response = new ListModelsResponse
        {
            NextPageToken = start + page.Count < keys.Count ? page[^1] : "",
            UpstreamProblem = problem,
            UpstreamTime = upstream is null ? null : Timestamp.FromDateTimeOffset(upstream.Read),
        };
        response.Models.AddRange(page.Select(Of));
        return response;
    }

    private List<string> Keys(bool configuredOnly)
    {
        var models = setup.Models;
        var images = models.ImageFallbacks.Prepend(models.Image);
        var configured = models.Fallbacks.Prepend(models.Default).Concat(images).OfType<ModelRef>().Select(model => model.Key)
            .Concat(AllowedKeys());
        var others = configuredOnly ? [] : setup.ProviderModels.Select(model => KeyOf(model.Id))
            .Concat((upstream?.Models ?? []).Select(model => KeyOf(model.Id)));
        return [.. configured.Concat(others).Distinct()];
    }

    // What the programs add is listed as well. A key is no alias, though it may look like one.
    private IEnumerable<string> AllowedKeys() =>
        setup.Models.Shown.Select(ModelRef.ParseKey).OfType<ModelRef>().Select(model => model.Key);

    private Model Of(string key)
    {
        var (models, parsed) = (setup.Models, ModelRef.Parse(key, ModelAliases.None));
        var own = setup.ProviderModels.FirstOrDefault(model => KeyOf(model.Id) == key);
        var listed = Find(key);
        var model = new Model
        {
            Model_ = key,
            Alias = models.Aliases.Entries.FirstOrDefault(entry => ModelRef.ParseKey(entry.Key)?.Key == key).Alias ?? "",
            DefaultModel = key == models.Default.Key,
            FallbackPosition = PositionOf(key, models.Fallbacks),
            ImageModel = key == models.Image?.Key,
            ImageFallbackPosition = PositionOf(key, models.ImageFallbacks),
            Local = setup.IsLocal && parsed?.Provider == Provider.Anthropic,
            DisplayName = own?.Name ?? listed?.DisplayName ?? "",
            CreateTime = Timestamps.OrUnset(listed?.Created),
            CacheRetention = RetentionOf(key),
            Available = parsed is not null && models.IsAllowed(parsed) && CanServe(parsed),
            HasCredential = providers.Any(provider => Provider.Normalize(provider.Provider) == parsed?.Provider),
            Configured = AllowedKeys().Contains(key),
            Missing = upstream is not null && listed is null && own is null && parsed?.Provider == Provider.Anthropic,
            MaxInputTokens = (long?)own?.ContextWindow ?? listed?.MaxInputTokens ?? 0,
            MaxOutputTokens = (long?)own?.MaxTokens ?? listed?.MaxTokens ?? 0,
            Lifecycle = listed?.Lifecycle ?? "",
            RawJson = listed is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(listed.RawJson),
        };
        if (listed?.ImageInput is { } images)
            model.ImageInput = images;
        return model;
    }

    // Up to 4.5 an id without its date is another name of the newest dated one (anthropic-api.md, section 5).
    private ListedModel? Find(string key) => _listed.GetValueOrDefault(key)
        ?? upstream?.Models.FirstOrDefault(model => Core.Pricing.Prices.IsSnapshot(model.Id, key[(key.IndexOf('/') + 1)..]));

    private CacheRetention RetentionOf(string key) => ReceiptMapping.ToRetention(
        setup.Parameters.Retention ?? setup.ModelParameters.GetValueOrDefault(key, ModelParameters.None).Retention
            ?? setup.DefaultRetention);

    private bool CanServe(ModelRef model) => model.Provider == Provider.Anthropic
        && Routes.Of(
            store, setup.Auth, setup.FallbackKey, new RouteQuestion([model.Model], null, null), now).Problem == NoRoute.None;

    private static int PositionOf(string key, IEnumerable<ModelRef> models) =>
        1 + models.Select(model => model.Key).ToList().IndexOf(key);

    private static string KeyOf(string id) => $"{Provider.Anthropic}/{id}";
}
