using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models list</c>.</summary>
internal static class ModelsListCommand
{
    private const int ModelWidth = 42;
    private const int InputWidth = 10;
    private const int ContextWidth = 8;
    private const int LocalWidth = 5;
    private const int AuthWidth = 5;

    public static Command Create(Globals globals)
    {
        var outputs = new OutputOptions();
        var all = new Option<bool>("--all") { Description = "Show full model catalog" };
        var local = new Option<bool>("--local") { Description = "Filter to local models" };
        var provider = new Option<string?>("--provider") { Description = "Filter by provider", HelpName = "name" };
        Symbol[] symbols = [all, local, provider, outputs.Json, outputs.Plain];
        return globals.Command("list", "List models (configured by default)", symbols, async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var (models, problem) = await AllAsync(invocation, cancellation);
            if (!invocation.Get(all))
                models.RemoveAll(model => !IsConfigured(model));
            if (invocation.Get(local))
                models.RemoveAll(model => !model.Local);
            if (invocation.Get(provider)?.Trim() is { Length: > 0 } name)
                models.RemoveAll(model => !IsOf(model, name));
            if (form == OutputForm.Json)
                WriteJson(invocation, models);
            else if (models.Count == 0)
                WriteLines(invocation, ["No models found."]);
            else
                WriteLines(invocation, form == OutputForm.Plain ? models.Select(model => model.Model_) : Table(models));

            // Without --all the list is complete: it has configured models only.
            if (problem.Length > 0 && invocation.Get(all))
            {
                invocation.Error.Write(
                    $"Note: these are the models of the configuration alone; Anthropic's list is missing: {problem}\n");
            }

            return 0;
        });
    }

    private static bool IsConfigured(Model model) =>
        model.DefaultModel || model.FallbackPosition > 0
        || model.ImageModel || model.ImageFallbackPosition > 0 || model.Configured;

    private static bool IsOf(Model model, string provider) =>
        model.Model_.StartsWith(provider + "/", StringComparison.OrdinalIgnoreCase);

    private static void WriteLines(Invocation invocation, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            invocation.Out.Write(line + "\n");
        invocation.Out.Flush();
    }

    private static async Task<(List<Model> Models, string Problem)> AllAsync(
        Invocation invocation, CancellationToken cancellation)
    {
        var models = new List<Model>();
        var request = new ListModelsRequest { AgentId = invocation.AgentId, PageSize = 1000 };
        var problem = "";
        do
        {
            var page = await invocation.Models.ListModelsAsync(request, cancellationToken: cancellation);
            models.AddRange(page.Models);
            problem = page.UpstreamProblem;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return (models, problem);
    }

    private static IEnumerable<string> Table(List<Model> models)
    {
        yield return Row("Model", "Input", "Ctx", "Local", "Auth", "Tags");
        foreach (var model in models)
        {
            var input = model.HasImageInput ? InputOf(model) : "-";
            var (local, auth) = (YesOrNo(model, model.Local), YesOrNo(model, HasCredential(model)));
            var context = Thousands(model.MaxInputTokens);
            yield return Row(Cut(model.Model_), input, context, local, auth, string.Join(",", Tags(model)));
        }
    }

    private static string Row(string model, string input, string context, string local, string auth, string tags) =>
        $"{model,-ModelWidth} {input,-InputWidth} {context,-ContextWidth} {local,-LocalWidth} {auth,-AuthWidth} {tags}".TrimEnd();

    // Neither is known of a model that upstream does not list.
    private static string YesOrNo(Model model, bool value) => model.Missing ? "-" : value ? "yes" : "no";

    // What the programs call available. Servers before has_credential say only what can serve.
    private static bool HasCredential(Model model) => model.HasCredential || model.Available;

    private static string InputOf(Model model) => model.ImageInput ? "text+image" : "text";

    // In units of 1024, as OpenClaw prints them: 200000 is 195k.
    private static string Thousands(long tokens) => tokens <= 0 ? "-"
        : tokens < 1024 ? tokens.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(tokens / 1024.0, MidpointRounding.AwayFromZero)}k");

    private static string Cut(string model) => model.Length <= ModelWidth ? model : model[..(ModelWidth - 3)] + "...";

    private static IEnumerable<string> Tags(Model model)
    {
        if (model.DefaultModel)
            yield return "default";
        if (model.FallbackPosition > 0)
            yield return $"fallback#{model.FallbackPosition}";
        if (model.ImageModel)
            yield return "image";
        if (model.ImageFallbackPosition > 0)
            yield return $"img-fallback#{model.ImageFallbackPosition}";
        if (model.Configured)
            yield return "configured";
        if (model.Alias.Length > 0 && !model.Missing)
            yield return $"alias:{model.Alias}";
        if (model.Missing)
            yield return "missing";
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
            json.WriteString("input", model.HasImageInput ? InputOf(model) : "-");
            if (model.MaxInputTokens > 0)
                json.WriteNumber("contextWindow", model.MaxInputTokens);
            else
                json.WriteNull("contextWindow");
            WriteUnlessMissing(json, model, "local", model.Local);
            WriteUnlessMissing(json, model, "available", HasCredential(model));
            json.WriteStrings("tags", Tags(model));
            json.WriteBoolean("missing", model.Missing);
            WriteUnlessMissing(json, model, "usable", model.Available);
            json.WriteString("cacheRetention", Words.Of(model.CacheRetention));
            if (model.MaxOutputTokens > 0)
                json.WriteNumber("maxOutputTokens", model.MaxOutputTokens);
            json.WriteOptional("lifecycle", model.Lifecycle);
            if (model.CreateTime is { } created)
                json.WriteNumber("createdAt", Words.Milliseconds(created));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteUnlessMissing(Utf8JsonWriter json, Model model, string name, bool value)
    {
        if (model.Missing)
            json.WriteNull(name);
        else
            json.WriteBoolean(name, value);
    }
}
