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
            Description = "Then count a prompt's tokens with it, which is free; exit code 1 if Anthropic refuses it",
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

            var id = invocation.Get(profileId)?.Trim() is { Length: > 0 } given ? given : $"{Anthropic}:manual";
            while (true)
            {
                var isTyped = invocation.Environment.InputIsTerminal;
                var key = isTyped
                    ? await Prompts.SecretAsync(invocation.Environment.PromptConsole(), "Paste Anthropic API key", cancellation)
                    : await Secrets.FromInputAsync(invocation.Environment.In, cancellation);
                if (key.Length == 0)
                    throw CliFailure.Failed("No API key on standard input.");
                try
                {
                    await StoreAsync(invocation, id, key, cancellation);
                    break;
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

            if (invocation.Get(verify))
                await VerifyAsync(invocation, id, cancellation);
            return 0;
        });
    }

    private static async Task VerifyAsync(Invocation invocation, string id, CancellationToken cancellation)
    {
        var statusRequest = new GetStatusRequest { AgentId = invocation.AgentId };
        var status = (await invocation.Models.GetStatusAsync(statusRequest, cancellationToken: cancellation)).Status;
        var isOwn = status.ResolvedDefault.StartsWith($"{Anthropic}/", StringComparison.Ordinal);
        var text = new ContentBlock { Text = new TextBlock { Text = "Hello" } };
        var request = new CountTokensRequest
        {
            Input = new CompletionInput
            {
                AgentId = invocation.AgentId,
                Model = $"{(isOwn ? status.ResolvedDefault : "haiku")}@{id}",
                Messages = new MessagesRequest { Messages = { new Message { Role = Role.User, Content = { text } } } },
            },
        };
        try
        {
            await invocation.Models.CountTokensAsync(request, cancellationToken: cancellation);
            invocation.Out.Write("Verified: Anthropic takes the key.\n");
            invocation.Out.Flush();
        }
        catch (RpcException exception) when (ClawGrpcError.From(exception) is { ReasonName.Length: > 0 } error)
        {
            throw CliFailure.Failed($"The key is stored as {id}, and the check of it failed: {error.Message}");
        }
    }

    private static async Task StoreAsync(Invocation invocation, string id, string key, CancellationToken cancellation)
    {
        var request = new OnboardRequest
        {
            AgentId = invocation.AgentId,
            ProfileId = id,
            ApiKey = new ApiKeyCredential { Key = key },
        };
        var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
        var profile = $"{response.ProfileId} ({Anthropic}/{Words.Of(response.Type)})";
        Announcement.Write(invocation, response.ConfigPath, profile, response.Notices);
    }
}
