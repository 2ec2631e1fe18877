using System.CommandLine;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models set</c>, <c>claw models aliases</c> and <c>claw models fallbacks</c>.</summary>
internal static class ModelEditCommands
{
    public static Command Set(Globals globals)
    {
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        return globals.Command("set", "Set the default model", [model], async (invocation, cancellation) =>
        {
            var request = new SetDefaultModelRequest { Model = invocation.Get(model) };
            var response = await invocation.Models.SetDefaultModelAsync(request, cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, $"Default model: {response.Model}");
        });
    }

    public static Command Aliases(Globals globals)
    {
        var outputs = new Outputs();
        var alias = new Argument<string>("alias") { Description = "Alias name" };
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        var list = globals.Command("list", "List model aliases", [outputs.Json, outputs.Plain], async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var aliases = (await StatusAsync(invocation, cancellation)).Aliases.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToList();
            if (form == OutputForm.Json) WriteAliases(invocation, aliases);
            else WriteList(invocation, form, "Aliases", aliases, entry => $"{entry.Key} {entry.Value}", entry => $"{entry.Key} -> {entry.Value}");
            return 0;
        });
        var add = globals.Command("add", "Add or update a model alias", [alias, model], async (invocation, cancellation) =>
        {
            var request = new AddModelAliasRequest { Alias = invocation.Get(alias), Model = invocation.Get(model) };
            var response = await invocation.Models.AddModelAliasAsync(request, cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, $"Alias {request.Alias} -> {response.Model}");
        });
        var remove = globals.Command("remove", "Remove a model alias", [alias], async (invocation, cancellation) =>
        {
            var request = new RemoveModelAliasRequest { Alias = invocation.Get(alias) };
            var response = await invocation.Models.RemoveModelAliasAsync(request, cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, $"Removed alias: {request.Alias}");
        });
        return Globals.Group("aliases", "Manage model aliases", list, add, remove);
    }

    public static Command Fallbacks(Globals globals)
    {
        var outputs = new Outputs();
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        var list = globals.Command("list", "List fallback models", [outputs.Json, outputs.Plain], async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var fallbacks = (await StatusAsync(invocation, cancellation)).Fallbacks;
            if (form == OutputForm.Json) WriteFallbacks(invocation, fallbacks);
            else WriteList(invocation, form, "Fallbacks", fallbacks, entry => entry, entry => entry);
            return 0;
        });
        var add = globals.Command("add", "Add a fallback model", [model], async (invocation, cancellation) =>
        {
            var request = new AddModelFallbackRequest { Model = invocation.Get(model) };
            var response = await invocation.Models.AddModelFallbackAsync(request, cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, $"Fallbacks: {string.Join(", ", response.Fallbacks)}");
        });
        var remove = globals.Command("remove", "Remove a fallback model", [model], async (invocation, cancellation) =>
        {
            var request = new RemoveModelFallbackRequest { Model = invocation.Get(model) };
            var response = await invocation.Models.RemoveModelFallbackAsync(request, cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, $"Fallbacks: {string.Join(", ", response.Fallbacks)}");
        });
        var clear = globals.Command("clear", "Clear all fallback models", [], async (invocation, cancellation) =>
        {
            var response = await invocation.Models.ClearModelFallbacksAsync(new ClearModelFallbacksRequest(), cancellationToken: cancellation);
            return Say(invocation, response.ConfigPath, "Fallback list cleared.");
        });
        return Globals.Group("fallbacks", "Manage model fallback list", list, add, remove, clear);
    }

    private static async Task<AgentStatus> StatusAsync(Invocation invocation, CancellationToken cancellation)
    {
        var request = new GetStatusRequest { AgentId = invocation.AgentId };
        return (await invocation.Models.GetStatusAsync(request, cancellationToken: cancellation)).Status;
    }

    private static void WriteList<T>(
        Invocation invocation, OutputForm form, string title, IReadOnlyCollection<T> entries, Func<T, string> plain, Func<T, string> text)
    {
        if (form == OutputForm.Text) invocation.Out.Write($"{title} ({entries.Count}):\n");
        if (form == OutputForm.Text && entries.Count == 0) invocation.Out.Write("- none\n");
        foreach (var entry in entries) invocation.Out.Write(form == OutputForm.Plain ? plain(entry) + "\n" : $"- {text(entry)}\n");
        invocation.Out.Flush();
    }

    private static void WriteAliases(Invocation invocation, IEnumerable<KeyValuePair<string, string>> aliases) =>
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("aliases");
            foreach (var (alias, model) in aliases) json.WriteString(alias, model);
            json.WriteEndObject();
            json.WriteEndObject();
        });

    private static void WriteFallbacks(Invocation invocation, IEnumerable<string> fallbacks) => Json.WriteDocument(invocation.Out, json =>
    {
        json.WriteStartObject();
        json.WriteStrings("fallbacks", fallbacks);
        json.WriteEndObject();
    });

    private static int Say(Invocation invocation, string configPath, string line)
    {
        invocation.Out.Write($"Updated {invocation.Surroundings.ShortPath(configPath)}\n{line}\n");
        invocation.Out.Flush();
        return 0;
    }
}
