using System.CommandLine;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models list</c>.</summary>
internal static class ModelsListCommand
{
    private const int ModelWidth = 42;
    private const int CacheWidth = 8;
    private const int AuthWidth = 5;

    public static Command Create(Globals globals)
    {
        var outputs = new Outputs();
        return globals.Command("list", "List models (configured by default)", [outputs.Json, outputs.Plain], async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var models = await AllAsync(invocation, cancellation);
            if (form == OutputForm.Json)
            {
                WriteJson(invocation, models);
                return 0;
            }

            var lines = form == OutputForm.Plain ? models.Select(model => model.Model_) : Table(models);
            foreach (var line in lines) invocation.Out.Write(line + "\n");
            invocation.Out.Flush();
            return 0;
        });
    }

    private static async Task<List<Model>> AllAsync(Invocation invocation, CancellationToken cancellation)
    {
        var models = new List<Model>();
        var request = new ListModelsRequest { AgentId = invocation.AgentId, PageSize = 1000 };
        do
        {
            var page = await invocation.Models.ListModelsAsync(request, cancellationToken: cancellation);
            models.AddRange(page.Models);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return models;
    }

    private static IEnumerable<string> Table(List<Model> models)
    {
        if (models.Count == 0)
        {
            yield return "No models found.";
            yield break;
        }

        yield return $"{"Model",-ModelWidth} {"Cache",-CacheWidth} {"Auth",-AuthWidth} Tags";
        foreach (var model in models)
        {
            var available = model.Available ? "yes" : "no";
            var row = $"{model.Model_,-ModelWidth} {Words.Of(model.CacheRetention),-CacheWidth} {available,-AuthWidth} ";
            yield return (row + string.Join(",", Tags(model))).TrimEnd();
        }
    }

    private static IEnumerable<string> Tags(Model model)
    {
        if (model.DefaultModel) yield return "default";
        if (model.FallbackPosition > 0) yield return $"fallback#{model.FallbackPosition}";
        if (model.Alias.Length > 0) yield return $"alias:{model.Alias}";
    }

    private static void WriteJson(Invocation invocation, List<Model> models) => Json.WriteDocument(invocation.Out, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("count", models.Count);
        json.WriteStartArray("models");
        foreach (var model in models)
        {
            json.WriteStartObject();
            json.WriteString("key", model.Model_);
            json.WriteString("name", model.DisplayName.Length > 0 ? model.DisplayName : model.Model_);
            json.WriteBoolean("available", model.Available);
            json.WriteStrings("tags", Tags(model));
            json.WriteString("cacheRetention", Words.Of(model.CacheRetention));
            if (model.CreateTime is { } created) json.WriteNumber("createdAt", Words.Milliseconds(created));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
