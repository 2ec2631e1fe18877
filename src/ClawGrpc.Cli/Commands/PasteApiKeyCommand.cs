using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth paste-api-key</c>: the key comes from a prompt or from standard input, never from an
/// argument.</summary>
internal static class PasteApiKeyCommand
{
    private const string Anthropic = "anthropic";

    public static Command Create(Globals globals)
    {
        var provider = new Option<string?>("--provider")
        {
            Description = "Provider id (default: anthropic)",
            HelpName = "name",
        };
        var profileId = new Option<string?>("--profile-id")
        {
            Description = "Auth profile id (default: anthropic:manual)",
            HelpName = "id",
        };
        var verify = new Option<bool>("--verify")
        {
            Description = "First ask Anthropic, by a free call, whether it takes the key; store it only then",
        };
        const string description = "Save an API key in an auth profile and update config";
        Symbol[] symbols = [provider, profileId, verify];
        return globals.Command("paste-api-key", description, symbols, async (invocation, cancellation) =>
        {
            if (invocation.Get(provider)?.Trim() is { Length: > 0 } name && name != Anthropic)
            {
                throw CliFailure.Failed(
                    $"API keys are of --provider {Anthropic}. For another one: claw models auth paste-token.");
            }

            var id = ProfileIdOption.Checked(invocation.Get(profileId));
            await PasteAsync(invocation, id.Length > 0 ? id : $"{Anthropic}:manual", invocation.Get(verify), cancellation);
            return 0;
        });
    }

    private static async Task PasteAsync(Invocation invocation, string id, bool verify, CancellationToken cancellation)
    {
        var isTyped = invocation.Environment.InputIsTerminal;
        while (true)
        {
            var key = isTyped
                ? await Prompts.SecretAsync(invocation.Environment.PromptConsole(), "Paste Anthropic API key", cancellation)
                : await Secrets.FromInputAsync(invocation.Environment.In, cancellation);
            if (key.Length == 0)
                throw CliFailure.Failed("No API key on standard input.");
            var stored = await StoredKinds.ReadAsync(invocation, cancellation);
            if (isTyped && !await stored.MayReplaceAsync(invocation, CredentialType.ApiKey, id, cancellation))
                throw new PromptEndedException(interrupted: false);
            try
            {
                if (verify)
                    await VerifyAsync(invocation, id, key, cancellation);
                var request = RequestOf(invocation, id, key);
                var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
                if (!isTyped)
                    stored.Tell(invocation, CredentialType.ApiKey, response.ProfileId);
                var profile = $"{response.ProfileId} ({Anthropic}/{Words.Of(response.Type)})";
                Announcement.Write(invocation, response.ConfigPath, profile, response.Notices);
                return;
            }
            catch (RpcException exception) when (ClawGrpcError.From(exception) is { FieldViolations: { Count: > 0 } fields })
            {
                // Asks again for a typed key alone: standard input is at its end.
                var texts = string.Join('\n', fields.Select(field => field.Description));
                if (!isTyped || !fields.All(field => field.Field == "api_key.key"))
                    throw CliFailure.Failed(texts);
                invocation.Error.Write(texts + "\n");
            }
        }
    }

    private static async Task VerifyAsync(Invocation invocation, string id, string key, CancellationToken cancellation)
    {
        var check = RequestOf(invocation, id, key);
        check.ValidateOnly = true;
        try
        {
            await invocation.Auth.OnboardAsync(check, cancellationToken: cancellation);
            invocation.Error.Write("Anthropic takes it.\n");
        }
        catch (RpcException exception) when (OnboardCheck.IsOfUpstream(exception))
        {
            throw CliFailure.Failed($"{Secrets.Mask(ClawGrpcError.From(exception).Message)} Nothing was stored.");
        }
    }

    private static OnboardRequest RequestOf(Invocation invocation, string id, string key) => new()
    {
        AgentId = invocation.AgentId,
        ProfileId = id,
        ApiKey = new ApiKeyCredential { Key = key },
    };
}
