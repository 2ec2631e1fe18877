using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw secrets status|seal|unseal|rotate</c>.</summary>
internal static class SecretsCommands
{
    public static Command Create(Globals globals) => Globals.Group(
        "secrets", "How secrets are stored: sealed, or as plain text",
        Status(globals), Seal(globals), Unseal(globals), Rotate(globals));

    private static Command Status(Globals globals)
    {
        var json = Json();
        const string description = "Show how secrets are stored and which keys seal them (all agents unless --agent is given)";
        return globals.Command("status", description, [json], async (invocation, cancellation) =>
        {
            var request = new GetSealingRequest { AgentId = invocation.AgentId };
            var response = await invocation.Auth.GetSealingAsync(request, cancellationToken: cancellation);
            SealingOutput.Write(invocation, response.Sealing, null, invocation.Get(json));
            return 0;
        });
    }

    private static Command Seal(Globals globals)
    {
        var json = Json();
        var shared = new Option<bool>("--even-if-shared")
        {
            Description = "Seal also where OpenClaw reads the profiles too, which then has no credentials",
        };
        const string description = "Seal secrets that are stored as plain text (all agents unless --agent is given)";
        return globals.Command("seal", description, [shared, json], async (invocation, cancellation) =>
        {
            var request = new SealSecretsRequest { AgentId = invocation.AgentId, AllowSharedFolder = invocation.Get(shared) };
            var response = await invocation.Auth.SealSecretsAsync(request, cancellationToken: cancellation);
            SealingOutput.Write(invocation, response.Sealing, ("Sealed", response.ChangedCount), invocation.Get(json));
            return 0;
        });
    }

    private static Command Unseal(Globals globals)
    {
        var json = Json();
        const string description = "Store sealed secrets as plain text again (all agents unless --agent is given)";
        return globals.Command("unseal", description, [json], async (invocation, cancellation) =>
        {
            var request = new UnsealSecretsRequest { AgentId = invocation.AgentId };
            var response = await invocation.Auth.UnsealSecretsAsync(request, cancellationToken: cancellation);
            SealingOutput.Write(invocation, response.Sealing, ("Unsealed", response.ChangedCount), invocation.Get(json));
            return 0;
        });
    }

    private static Command Rotate(Globals globals)
    {
        var json = Json();
        var key = new Option<string?>("--key")
        {
            Description = "Id of a configured key (default: finish a rotation, else the key that was never active)",
            HelpName = "id",
        };
        const string description = "Make another key active, and wrap all sealed secrets with it (all agents)";
        return globals.Command("rotate", description, [key, json], async (invocation, cancellation) =>
        {
            var request = new RotateSealingKeyRequest { KeyId = invocation.Get(key) ?? "" };
            var response = await invocation.Auth.RotateSealingKeyAsync(request, cancellationToken: cancellation);
            SealingOutput.Write(invocation, response.Sealing, ("Rewrapped", response.ChangedCount), invocation.Get(json));
            return 0;
        });
    }

    private static Option<bool> Json() => new("--json") { Description = "Output JSON" };
}
