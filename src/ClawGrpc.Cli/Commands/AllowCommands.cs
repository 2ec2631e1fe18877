using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;
using Google.Protobuf.Collections;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models allow</c> and <c>claw models disallow</c>: which models may be used.</summary>
internal static class AllowCommands
{
    public static Command Allow(Globals globals)
    {
        var models = ModelsArgument();
        const string description = "Allow models; once one is listed, only listed models may be used";
        return globals.Command("allow", description, [models], async (invocation, cancellation) =>
        {
            var request = new AllowModelsRequest { Models = { invocation.Get(models) } };
            foreach (var model in request.Models)
                await ModelDoubt.WarnAsync(invocation, model, cancellation);
            var response = await invocation.Models.AllowModelsAsync(request, cancellationToken: cancellation);
            ModelEditCommands.WriteEdit(invocation, response.ConfigPath, ListOf(response.AllowedModels));
            NoteOfNewList(invocation, response.NewAllowedModels);
            return 0;
        });
    }

    public static Command Disallow(Globals globals)
    {
        var models = ModelsArgument();
        const string description = "Remove models from the allowed ones; without the last one all models are allowed";
        return globals.Command("disallow", description, [models], async (invocation, cancellation) =>
        {
            var request = new DisallowModelsRequest { Models = { invocation.Get(models) } };
            var response = await invocation.Models.DisallowModelsAsync(request, cancellationToken: cancellation);
            var list = response.AllowedModels.Count == 0
                ? "The list of allowed models is off: all models may be used."
                : ListOf(response.AllowedModels);
            ModelEditCommands.WriteEdit(invocation, response.ConfigPath, list);
            if (response.RemovedAliases.Count > 0)
                invocation.Error.Write($"Note: removed with them: alias {string.Join(", alias ", response.RemovedAliases)}\n");
            return 0;
        });
    }

    /// <summary>Says that a change began the list of allowed models, and how to go back.</summary>
    /// <param name="invocation">The run of the command.</param>
    /// <param name="begun">The list; empty if the change did not begin it.</param>
    public static void NoteOfNewList(Invocation invocation, IReadOnlyCollection<string> begun)
    {
        if (begun.Count == 0)
            return;
        invocation.Error.Write(
            $"Note: only listed models and the default one may be used from now on: {string.Join(", ", begun)}\n"
            + "Allow another one: claw models allow NAME. Allow all again: "
            + $"claw models disallow {string.Join(' ', begun)}\n");
    }

    private static Argument<string[]> ModelsArgument() => new("model")
    {
        Description = "Model ids or aliases",
        Arity = ArgumentArity.OneOrMore,
    };

    private static string ListOf(RepeatedField<string> models) =>
        $"Allowed models ({models.Count}): {string.Join(", ", models)}";
}
