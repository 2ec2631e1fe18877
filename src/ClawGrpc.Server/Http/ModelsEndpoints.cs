using System.Globalization;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Gateway.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace ClawGrpc.Server.Http;

/// <summary>
/// The models that the caller may use, in the form of Anthropic's list: those of Anthropic that the agent allows, those that the
/// configuration names, and its aliases.
/// </summary>
internal sealed class ModelsEndpoints(Fleet fleet, AgentSetups setups, ModelCatalog catalog)
{
    private const int DefaultPage = 20;
    private const int LargestPage = 1000;

    /// <summary><c>GET /v1/models</c></summary>
    public async Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var given) ? given : DefaultPage;
        if (limit is < 1 or > LargestPage)
            throw Refusal.InvalidField("limit", $"Expected 1 to {LargestPage}").ToException();
        var models = await ModelsAsync(context);
        var after = $"{query["after_id"]}";
        var start = after.Length == 0 ? 0 : models.FindIndex(model => model.Id == after) + 1;
        var page = models.Skip(start).Take(limit).ToList();
        await MessagesEndpoints.WriteAsync(context, MessagesEndpoints.JsonOf(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var model in page)
                json.WriteRawValue(model.Json.Span, skipInputValidation: true);
            json.WriteEndArray();
            json.WriteBoolean("has_more", start + page.Count < models.Count);
            json.WriteString("first_id", page.FirstOrDefault()?.Id);
            json.WriteString("last_id", page.LastOrDefault()?.Id);
            json.WriteEndObject();
        }));
    }

    /// <summary><c>GET /v1/models/{id}</c></summary>
    public async Task GetAsync(HttpContext context)
    {
        var id = $"{context.Request.RouteValues["id"]}";
        var found = (await ModelsAsync(context)).Find(model => model.Id == id)
            ?? throw new Refusal(Core.Routing.RefusalReason.ModelNotFound, Core.Routing.RefusalCode.NotFound, $"model: {id}")
                .ToException();
        await MessagesEndpoints.WriteAsync(context, found.Json);
    }

    private async Task<List<Listed>> ModelsAsync(HttpContext context)
    {
        var call = context.Features.GetRequiredFeature<LiveCall>();
        var agent = await fleet.FindAsync(call.Caller, $"{context.Request.Headers["x-clawgrpc-agent"]}");
        call.Use(agent.Id);
        var setup = setups.Of(agent.Id);
        var upstream = setup.ModelsUrl is null ? null
            : await catalog.ReadAsync(agent, setup, context.RequestAborted) is CallResult<UpstreamModels>.Served served
                ? served.Result
                : null;
        var listed = (upstream?.Models ?? []).Select(model => new Listed(model.Id, model.RawJson))
            .Concat(setup.ProviderModels.Select(model => Made(model.Id, model.Name ?? model.Id)))
            .Concat(Configured(setup).Select(id => Made(id, id)))
            .Where(model => IsPermitted(model.Id, setup, call.Caller.Client));
        var aliases = setup.Models.Aliases.Entries
            .Where(entry => ModelRef.ParseKey(entry.Key) is { Provider: Provider.Anthropic } key
                && IsPermitted(key.Model, setup, call.Caller.Client))
            .Select(entry => Made(entry.Alias, $"{entry.Alias} ({entry.Key})"));
        return [.. listed.Concat(aliases).DistinctBy(model => model.Id)];
    }

    private static IEnumerable<string> Configured(AgentSetup setup) => setup.Models.Fallbacks.Prepend(setup.Models.Default)
        .Where(model => model.Provider == Provider.Anthropic).Select(model => model.Model);

    private static bool IsPermitted(string id, AgentSetup setup, Client client) =>
        client.MayUseModel($"{Provider.Anthropic}/{id}")
        && ModelRef.Parse($"{Provider.Anthropic}/{id}", ModelAliases.None) is { } model && setup.Models.IsAllowed(model);

    private static Listed Made(string id, string name) => new(id, MessagesEndpoints.JsonOf(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", "model");
        json.WriteString("id", id);
        json.WriteString("display_name", name);
        json.WriteString("created_at", "1970-01-01T00:00:00Z");
        json.WriteEndObject();
    }));

    private sealed record Listed(string Id, ReadOnlyMemory<byte> Json);
}
