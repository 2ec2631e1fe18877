using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Profiles;
using ClawGrpc.Core.Selection;
using ClawGrpc.Server.Completions;
using ClawGrpc.Server.Errors;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Services;

/// <summary>The models an agent can use: the default, the fallbacks, then the others of the configuration.</summary>
internal static class ModelList
{
    private const int DefaultPage = 100;
    private const int LargestPage = 1000;

    public static ListModelsResponse Of(ListModelsRequest request, AgentSetup setup, ProfileStore store, DateTimeOffset now)
    {
        if (request.PageSize is < 0 or > LargestPage)
            throw Refusal.InvalidField("page_size", $"Expected 0 to {LargestPage}");
        var models = setup.Models;
        var keys = models.Fallbacks.Select(model => model.Key).Prepend(models.Default.Key)
            .Concat(models.Allowed.Select(key => ModelRef.Parse(key, models.Aliases)?.Key ?? key)).Distinct().ToList();
        var start = request.PageToken.Length == 0 ? 0 : keys.IndexOf(request.PageToken) + 1;
        if (start == 0 && request.PageToken.Length > 0)
            throw Refusal.InvalidField("page_token", "Expected the next_page_token of the page before");
        var size = request.PageSize == 0 ? DefaultPage : request.PageSize;
        var page = keys.Skip(start).Take(size).ToList();
        var response = new ListModelsResponse { NextPageToken = start + size < keys.Count ? page[^1] : "" };
        response.Models.AddRange(page.Select(key => new Model
        {
            Model_ = key,
            Alias = models.Aliases.Entries.FirstOrDefault(entry => entry.Key == key).Alias ?? "",
            DefaultModel = key == models.Default.Key,
            FallbackPosition = 1 + models.Fallbacks.Select(model => model.Key).ToList().IndexOf(key),
            CacheRetention = RetentionOf(setup, key),
            Available = IsAvailable(setup, store, key, now),
        }));
        return response;
    }

    private static CacheRetention RetentionOf(AgentSetup setup, string key) =>
        (setup.Parameters.Retention ?? setup.ModelParameters.GetValueOrDefault(key, ModelParameters.None).Retention ?? setup.DefaultRetention) switch
        {
            Core.Retention.None => CacheRetention.None,
            Core.Retention.Short => CacheRetention.Short,
            Core.Retention.Long => CacheRetention.Long,
            _ => CacheRetention.Unspecified,
        };

    private static bool IsAvailable(AgentSetup setup, ProfileStore store, string key, DateTimeOffset now) =>
        ModelRef.Parse(key, ModelAliases.None) is { Provider: Provider.Anthropic } model
        && Routes.Of(store, setup.Auth, setup.LooseKey, new RouteQuestion([model.Model], null, null), now).Problem == NoRoute.None;
}
