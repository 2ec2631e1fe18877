using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw onboard</c>: stores a credential, by the options alone or by asking for what they leave out.</summary>
internal static class OnboardCommand
{
    public static Command Create(Globals globals)
    {
        var options = new OnboardOptions();
        const string description = "Interactive wizard to set up a Claude credential; --anthropic-api-key alone is enough";
        return globals.Command("onboard", description, options.All, async (invocation, cancellation) =>
        {
            SayWhatIsIgnored(invocation, options);
            var questions = new OnboardQuestions(invocation, options);
            var choice = await questions.ChoiceAsync(cancellation);
            var expiresIn = ExpiresIn(invocation.Get(options.TokenExpiresIn));
            var profileId = (invocation.Get(options.ProfileId) ?? invocation.Get(options.TokenProfileId))?.Trim();
            while (true)
            {
                var secret = await questions.SecretAsync(choice, cancellation);
                if (secret is null) return await KeepExistingAsync(invocation, options, cancellation);
                profileId ??= await questions.ProfileIdAsync(choice, cancellation);
                var request = RequestFor(choice, secret.Value, expiresIn);
                request.AgentId = invocation.AgentId;
                request.ProfileId = profileId;
                try
                {
                    var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
                    Write(invocation, response, choice, asJson: invocation.Get(options.Json));
                    return 0;
                }
                catch (RpcException e) when (FieldTexts(e) is { Length: > 0 } texts)
                {
                    // A typing error at the prompt is put right at the prompt; one in an option ends the command.
                    if (!secret.WasTyped) throw CliFailure.Verbatim(texts);
                    questions.Say(texts);
                }
            }
        });
    }

    private static string FieldTexts(RpcException e) =>
        string.Join('\n', ClawGrpcError.From(e).FieldViolations.Select(violation => violation.Description));

    private static OnboardRequest RequestFor(OnboardChoice choice, string secret, TimeSpan? expiresIn) => choice switch
    {
        OnboardChoice.ApiKey => new OnboardRequest { ApiKey = new ApiKeyCredential { Key = secret } },
        OnboardChoice.ClaudeCli => new OnboardRequest { ClaudeCli = new ClaudeCliCredential() },
        _ => new OnboardRequest
        {
            SetupToken = new SetupTokenCredential
            {
                Token = secret,
                ExpiresIn = expiresIn is { } duration ? Duration.FromTimeSpan(duration) : null,
            },
        },
    };

    private static TimeSpan? ExpiresIn(string? text)
    {
        try
        {
            return DurationText.ParseOptional(text);
        }
        catch (FormatException e)
        {
            // Two prefixes: OpenClaw prints the error it caught (openclaw-spec.md §3.3, "Duration").
            throw CliFailure.Verbatim($"Invalid --token-expires-in: Error: {e.Message}");
        }
    }

    // `--auth-choice apiKey` without a key anywhere is content with a key that is there already (openclaw-spec.md §7.1).
    private static async Task<int> KeepExistingAsync(Invocation invocation, OnboardOptions options, CancellationToken cancellation)
    {
        var request = new GetStatusRequest { AgentId = invocation.AgentId };
        var status = (await invocation.Models.GetStatusAsync(request, cancellationToken: cancellation)).Status;
        var existing = status.Auth?.Profiles.FirstOrDefault(profile => profile is { Provider: "anthropic", Type: CredentialType.ApiKey })
            ?? throw CliFailure.Verbatim("Missing --anthropic-api-key (or ANTHROPIC_API_KEY in env, or existing anthropic API-key profile).");
        var response = new OnboardResponse
        {
            AgentId = status.AgentId,
            ProfileId = existing.ProfileId,
            Type = existing.Type,
            ConfigPath = status.ConfigPath,
        };
        invocation.Error.Write($"Note: no key was given; {existing.ProfileId} is there already and was left as it is.\n");
        Write(invocation, response, OnboardChoice.ApiKey, asJson: invocation.Get(options.Json));
        return 0;
    }

    private static void Write(Invocation invocation, OnboardResponse response, OnboardChoice choice, bool asJson)
    {
        if (!asJson)
        {
            Announcement.Write(invocation, response.ConfigPath, $"{response.ProfileId} (anthropic/{Words.Of(response.Type)})", response.Notices);
            return;
        }

        Json.WriteDocument(invocation.Out, json =>
        {
            // First what the programs say, as far as it is true here, then what they do not.
            json.WriteStartObject();
            json.WriteString("mode", "local");
            json.WriteString("authChoice", OnboardChoices.NameOf(choice));
            json.WriteBoolean("installDaemon", false);
            json.WriteBoolean("skipSkills", true);
            json.WriteBoolean("skipHealth", true);
            json.WriteBoolean("ok", true);
            json.WriteString("agentId", response.AgentId);
            json.WriteString("profileId", response.ProfileId);
            json.WriteString("provider", "anthropic");
            json.WriteString("type", Words.Of(response.Type));
            json.WriteString("configPath", response.ConfigPath);
            json.WriteStrings("notices", response.Notices);
            json.WriteEndObject();
        });
        Announcement.WriteNotices(invocation, response.Notices);
    }

    private static void SayWhatIsIgnored(Invocation invocation, OnboardOptions options)
    {
        var ignored = options.Ignored.Where(invocation.Has).Select(option => option.Name).ToList();
        if (ignored.Count == 0) return;
        invocation.Error.Write($"Note: ignored, there is no gateway or workspace to set up: {string.Join(", ", ignored)}\n");
    }
}
