using System.CommandLine;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw onboard</c>: stores a credential; asks for what the options leave out.</summary>
internal static class OnboardCommand
{
    public static Command Create(Globals globals)
    {
        var options = new OnboardOptions();
        const string description = "Interactive wizard to set up a Claude credential; --anthropic-api-key alone is enough";
        return globals.Command("onboard", description, options.All, async (invocation, cancellation) =>
        {
            if (invocation.Get(options.Mode) is { } mode and not ("local" or "remote"))
                throw CliFailure.Verbatim($"Invalid --mode \"{mode}\" (use local|remote).");
            WriteIgnoredOptions(invocation, options);
            var profileId = ProfileIdOption.Checked(invocation.Get(options.ProfileId) ?? invocation.Get(options.TokenProfileId));
            var questions = new OnboardQuestions(invocation, options);
            var check = new OnboardCheck(invocation, options, questions);
            var stored = questions.CanAsk ? await questions.BeginAsync(cancellation) : null;
            var choice = await questions.ChoiceAsync(cancellation);
            while (true)
            {
                var secret = await questions.SecretAsync(choice, cancellation);
                var request = OnboardRequests.Of(choice, secret?.Value, invocation.Get(options.TokenExpiresIn));
                request.AgentId = invocation.AgentId;
                stored ??= await StoredKinds.ReadAsync(invocation, cancellation);
                profileId = await questions.ProfileIdAsync(choice, stored, profileId, cancellation);
                request.ProfileId = profileId;
                try
                {
                    if (!await check.RunAsync(request, secret, cancellation))
                        continue;
                    var response = await invocation.Auth.OnboardAsync(request, cancellationToken: cancellation);
                    if (secret is null)
                        invocation.Error.Write($"Note: no key was given; {response.ProfileId} has the one that is there.\n");
                    else if (!questions.CanAsk)
                        stored.Tell(invocation, response.Type, response.ProfileId);
                    Write(invocation, response, choice, asJson: invocation.Get(options.Json));
                    questions.End();
                    return 0;
                }
                catch (RpcException exception)
                    when (secret is null && ClawGrpcError.From(exception).Reason == ErrorReason.MissingCredentials)
                {
                    throw CliFailure.Verbatim(
                        "Missing --anthropic-api-key (or ANTHROPIC_API_KEY in env, or existing anthropic API-key profile).");
                }
                catch (RpcException exception) when (FieldTexts(exception) is { Length: > 0 } texts)
                {
                    // Ask again for a typed secret; a wrong option ends the command.
                    if (secret is not { WasTyped: true })
                        throw CliFailure.Verbatim(texts);
                    questions.Say(texts);
                }
            }
        });
    }

    private static string FieldTexts(RpcException exception) =>
        string.Join('\n', ClawGrpcError.From(exception).FieldViolations.Select(violation => violation.Description));

    private static void Write(Invocation invocation, OnboardResponse response, OnboardChoice choice, bool asJson)
    {
        if (!asJson)
        {
            var profile = $"{response.ProfileId} (anthropic/{Words.Of(response.Type)})";
            Announcement.Write(invocation, response.ConfigPath, profile, response.Notices);
            return;
        }

        Json.WriteDocument(invocation.Out, json =>
        {
            // OpenClaw's members first, as far as they apply, then ClawGrpc's own.
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

    private static void WriteIgnoredOptions(Invocation invocation, OnboardOptions options)
    {
        var ignored = options.Ignored.Where(invocation.Has).Select(option => option.Name).ToList();
        if (ignored.Count == 0)
            return;
        invocation.Error.Write($"Note: ignored, there is no gateway or workspace to set up: {string.Join(", ", ignored)}\n");
    }
}
