using System.CommandLine;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models</c>; by itself it is <c>claw models status</c>.</summary>
internal static class ModelsCommand
{
    public static Command Create(Globals globals)
    {
        var json = new Option<bool>("--status-json") { Description = "Output JSON (alias for `models status --json`)" };
        var plain = new Option<bool>("--status-plain") { Description = "Plain output (alias for `models status --plain`)" };
        var models = globals.Command("models", "Model discovery and configuration", [json, plain], (invocation, cancellation) =>
        {
            var form = invocation.Get(json) ? OutputForm.Json : invocation.Get(plain) ? OutputForm.Plain : OutputForm.Text;
            return StatusCommand.ShowAsync(invocation, form, check: false, cancellation);
        });
        models.Add(StatusCommand.Create(globals));
        models.Add(ModelsListCommand.Create(globals));
        models.Add(ModelEditCommands.Set(globals));
        models.Add(ModelEditCommands.Set(globals, image: true));
        models.Add(AllowCommands.Allow(globals));
        models.Add(AllowCommands.Disallow(globals));
        models.Add(ModelEditCommands.Aliases(globals));
        models.Add(ModelEditCommands.Fallbacks(globals));
        models.Add(ModelEditCommands.Fallbacks(globals, image: true));
        models.Add(Globals.Group(
            "auth",
            "Manage model auth profiles",
            AuthListCommand.Create(globals),
            AuthAddCommand.Create(globals),
            PasteApiKeyCommand.Create(globals),
            PasteTokenCommand.Create(globals),
            SetupTokenCommand.Create(globals),
            OrderCommands.Create(globals),
            ProfileCommands.Reset(globals),
            ProfileCommands.Rebind(globals),
            ProfileCommands.Delete(globals)));
        return models;
    }
}
