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
            if (invocation.Get(options.Mode) is { } mode and not ("local" or "remote")) throw CliFailure.Verbatim($"Invalid --mode \"{mode}\" (use local|remote).");
            SayWhatIsIgnored(invocation, options);
            var questions = new OnboardQuestions(invocation, options);
            var choice = await questions.ChoiceAsync(cancellation);
            var profileId = (invocation.Get(options.ProfileId) ?? invocation.Get(options.TokenProfileId))?.Trim();
            while (true)
            {
                var secret = await questions.SecretAsync(choice, cancellation);
                profileId ??= await questions.ProfileIdAsync(choice, cancellation);
                var request = RequestFor(choice, secret?.Value, invocation.Get(options.TokenExpiresIn));
                request.AgentId = invocation.AgentId;
                request.ProfileId = profileId;
                try
                {
                    var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
                    if (secret is null) invocation.Error.Write($"Note: no key was given; {response.ProfileId} has the one that is there.\n");
                    Write(invocation, response, choice, asJson: invocation.Get(options.Json));
                    return 0;
                }
                catch (RpcException e) when (secret is null && ClawGrpcError.From(e).Reason == ErrorReason.MissingCredentials)
                {
                    throw CliFailure.Verbatim("Missing --anthropic-api-key (or ANTHROPIC_API_KEY in env, or existing anthropic API-key profile).");
                }
                catch (RpcException e) when (FieldTexts(e) is { Length: > 0 } texts)
                {
                    // A typing error at the prompt is put right at the prompt; one in an option ends the command.
                    if (secret is not { WasTyped: true }) throw CliFailure.Verbatim(texts);
                    questions.Say(texts);
                }
            }
        });
    }

    private static string FieldTexts(RpcException e) =>
        string.Join('\n', ClawGrpcError.From(e).FieldViolations.Select(violation => violation.Description));

    private static OnboardRequest RequestFor(OnboardChoice choice, string? secret, string? expiresIn) => choice switch
    {
        // Without a key anywhere the one that the server has will do (openclaw-spec.md §7.1).
        OnboardChoice.ApiKey => new OnboardRequest { ApiKey = new ApiKeyCredential { Key = secret ?? "", Existing = secret is null } },
        OnboardChoice.ClaudeCli => new OnboardRequest { ClaudeCli = new ClaudeCliCredential() },
        _ => new OnboardRequest
        {
            SetupToken = new SetupTokenCredential
            {
                Token = secret ?? "",
                ExpiresIn = ExpiresIn(expiresIn) is { } duration ? Duration.FromTimeSpan(duration) : null,
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
