using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models set</c>, <c>claw models aliases</c> and <c>claw models fallbacks</c>.</summary>
internal static class ModelEditCommands
{
    public static Command Set(Globals globals, bool image = false)
    {
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        var yes = new Option<bool>("--yes") { Description = "Set a model that may not exist without asking" };
        var (name, description) = image ? ("set-image", "Set the image model") : ("set", "Set the default model");
        return globals.Command(name, description, [model, yes], async (invocation, cancellation) =>
        {
            if (!await ModelDoubt.AcceptsAsync(invocation, invocation.Get(model)!, invocation.Get(yes), cancellation))
            {
                invocation.Out.Write("Cancelled.\n");
                return 0;
            }

            var request = new SetDefaultModelRequest { Model = invocation.Get(model), Image = image };
            var response = await invocation.Models.SetDefaultModelAsync(request, cancellationToken: cancellation);
            WriteEdit(invocation, response.ConfigPath, $"{(image ? "Image" : "Default")} model: {response.Model}");
            AllowCommands.NoteOfNewList(invocation, response.NewAllowedModels);
            return 0;
        });
    }

    public static Command Aliases(Globals globals)
    {
        var outputs = new OutputOptions();
        var alias = new Argument<string>("alias") { Description = "Alias name" };
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        Symbol[] forms = [outputs.Json, outputs.Plain];
        var list = globals.Command("list", "List model aliases", forms, async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var aliases = (await StatusAsync(invocation, cancellation)).Aliases.ToList();
            var separator = form == OutputForm.Plain ? " " : " -> ";
            if (form == OutputForm.Json)
                WriteAliases(invocation, aliases);
            else
                WriteList(invocation, form, "Aliases", aliases.ConvertAll(alias => alias.Key + separator + alias.Value));
            return 0;
        });
        var add = globals.Command("add", "Add or update a model alias", [alias, model], async (invocation, cancellation) =>
        {
            var request = new AddModelAliasRequest { Alias = invocation.Get(alias), Model = invocation.Get(model) };
            var before = await AliasesAsync(invocation, cancellation);
            var response = await invocation.Models.AddModelAliasAsync(request, cancellationToken: cancellation);
            WriteEdit(invocation, response.ConfigPath, $"Alias {request.Alias?.Trim()} -> {response.Model}");
            foreach (var (old, _) in before.Where(each => each.Value == response.Model && each.Key != request.Alias?.Trim()))
                invocation.Error.Write($"Note: it replaces {old}, which is no alias any more: a model has one.\n");
            AllowCommands.NoteOfNewList(invocation, response.NewAllowedModels);
            return 0;
        });
        var remove = globals.Command("remove", "Remove a model alias", [alias], async (invocation, cancellation) =>
        {
            var name = invocation.Get(alias)!.Trim();
            var others = (await StatusAsync(invocation, cancellation)).Aliases.Keys.Where(other => other != name).ToList();
            var request = new RemoveModelAliasRequest { Alias = name };
            var response = await invocation.Models.RemoveModelAliasAsync(request, cancellationToken: cancellation);
            return WriteEdit(invocation, response.ConfigPath, others.Count > 0 ? [] : ["No aliases configured."]);
        });
        return new VerbGroup("aliases", "Manage model aliases", list, add, remove);
    }

    public static Command Fallbacks(Globals globals, bool image = false)
    {
        var outputs = new OutputOptions();
        var model = new Argument<string>("model") { Description = "Model id or alias" };
        var title = image ? "Image fallbacks" : "Fallbacks";
        var kind = image ? "image fallback" : "fallback";
        var article = image ? "an" : "a";
        Symbol[] forms = [outputs.Json, outputs.Plain];
        var list = globals.Command("list", $"List {kind} models", forms, async (invocation, cancellation) =>
        {
            var form = outputs.FormOf(invocation);
            var status = await StatusAsync(invocation, cancellation);
            var fallbacks = image ? status.ImageFallbacks : status.Fallbacks;
            if (form == OutputForm.Json)
                WriteFallbacks(invocation, fallbacks);
            else
                WriteList(invocation, form, title, fallbacks);
            return 0;
        });
        var add = globals.Command("add", $"Add {article} {kind} model", [model], async (invocation, cancellation) =>
        {
            var request = new AddModelFallbackRequest { Model = invocation.Get(model), Image = image };
            var response = await invocation.Models.AddModelFallbackAsync(request, cancellationToken: cancellation);
            WriteEdit(invocation, response.ConfigPath, $"{title}: {string.Join(", ", response.Fallbacks)}");
            AllowCommands.NoteOfNewList(invocation, response.NewAllowedModels);
            return 0;
        });
        var remove = globals.Command("remove", $"Remove {article} {kind} model", [model], async (invocation, cancellation) =>
        {
            var request = new RemoveModelFallbackRequest { Model = invocation.Get(model), Image = image };
            var response = await invocation.Models.RemoveModelFallbackAsync(request, cancellationToken: cancellation);
            return WriteEdit(invocation, response.ConfigPath, $"{title}: {string.Join(", ", response.Fallbacks)}");
        });
        var clear = globals.Command("clear", $"Clear all {kind} models", [], async (invocation, cancellation) =>
        {
            var request = new ClearModelFallbacksRequest { Image = image };
            var response = await invocation.Models.ClearModelFallbacksAsync(request, cancellationToken: cancellation);
            return WriteEdit(invocation, response.ConfigPath, image ? "Image fallback list cleared." : "Fallback list cleared.");
        });
        var (name, description) = image
            ? ("image-fallbacks", "Manage image model fallback list")
            : ("fallbacks", "Manage model fallback list");
        return new VerbGroup(name, description, list, add, remove, clear);
    }

    private static async Task<AgentStatus> StatusAsync(Invocation invocation, CancellationToken cancellation)
    {
        var request = new GetStatusRequest { AgentId = invocation.AgentId };
        return (await invocation.Models.GetStatusAsync(request, cancellationToken: cancellation)).Status;
    }

    // Only for a note: an alias is added without it, too.
    private static async Task<IDictionary<string, string>> AliasesAsync(Invocation invocation, CancellationToken cancellation)
    {
        try
        {
            return (await StatusAsync(invocation, cancellation)).Aliases;
        }
        catch (RpcException)
        {
            return new Dictionary<string, string>();
        }
    }

    private static void WriteList(Invocation invocation, OutputForm form, string title, IReadOnlyCollection<string> entries)
    {
        if (form == OutputForm.Text)
            invocation.Out.Write($"{title} ({entries.Count}):\n");
        if (form == OutputForm.Text && entries.Count == 0)
            invocation.Out.Write("- none\n");
        foreach (var entry in entries)
            invocation.Out.Write(form == OutputForm.Plain ? entry + "\n" : $"- {entry}\n");
        invocation.Out.Flush();
    }

    private static void WriteAliases(Invocation invocation, IEnumerable<KeyValuePair<string, string>> aliases) =>
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("aliases");
            foreach (var (alias, model) in aliases)
                json.WriteString(alias, model);
            json.WriteEndObject();
            json.WriteEndObject();
        });

    private static void WriteFallbacks(Invocation invocation, IEnumerable<string> fallbacks) =>
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WriteStrings("fallbacks", fallbacks);
            json.WriteEndObject();
        });

    /// <summary>Prints which file was changed, and the result.</summary>
    public static int WriteEdit(Invocation invocation, string configPath, params string[] lines)
    {
        string[] all = [$"Updated {invocation.Environment.ShortPath(configPath)}", .. lines];
        foreach (var line in all)
            invocation.Out.Write(line + "\n");
        invocation.Out.Flush();
        return 0;
    }
}
