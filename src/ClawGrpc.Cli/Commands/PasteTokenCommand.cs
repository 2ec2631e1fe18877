using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth paste-token</c>.</summary>
internal static class PasteTokenCommand
{
    public static Command Create(Globals globals)
    {
        var provider = ProviderOption.Create();
        var profileId = new Option<string?>("--profile-id")
        {
            Description = "Auth profile id (default: <provider>:manual)",
            HelpName = "id",
        };
        var expiresIn = new Option<string?>("--expires-in")
        {
            Description = "Optional expiry duration (e.g. 365d, 12h). Stored as absolute expiresAt.",
            HelpName = "duration",
        };
        const string description = "Paste a token into auth-profiles.json and update config";
        return globals.Command("paste-token", description, [provider, profileId, expiresIn], async (invocation, cancellation) =>
        {
            var name = ProviderOption.Required(invocation, provider);
            var id = ProfileIdOption.Checked(invocation.Get(profileId));
            await PasteAsync(invocation, name, id, Expiry(invocation.Get(expiresIn)), cancellation);
            return 0;
        });
    }

    /// <summary>Asks for the token, or reads it from standard input, and stores it.</summary>
    public static async Task PasteAsync(
        Invocation invocation, string provider, string profileId, Duration? expiresIn, CancellationToken cancellation)
    {
        var token = invocation.Environment.InputIsTerminal
            ? await Prompts.SecretAsync(invocation.Environment.PromptConsole(), $"Paste token for {provider}", cancellation)
            : await Secrets.FromInputAsync(invocation.Environment.In, cancellation);
        var stored = await StoredKinds.ReadAsync(invocation, cancellation);
        var target = profileId.Length > 0 ? profileId : $"{provider}:manual";
        if (invocation.Environment.InputIsTerminal
            && !await stored.MayReplaceAsync(invocation, CredentialType.Token, target, cancellation))
        {
            throw new PromptEndedException(interrupted: false);
        }

        var request = new PasteTokenRequest
        {
            AgentId = invocation.AgentId,
            Provider = provider,
            ProfileId = profileId,
            ExpiresIn = expiresIn,
            Token = token,
        };
        var response = await invocation.Auth.PasteTokenAsync(request, cancellationToken: cancellation);
        var profile = $"{response.ProfileId} ({response.Provider}/token)";
        if (!invocation.Environment.InputIsTerminal)
            stored.Tell(invocation, CredentialType.Token, response.ProfileId);
        Announcement.Write(invocation, response.ConfigPath, profile, response.Notices);
    }

    /// <summary>The time until a token expires; null if it never does. Called before anything is asked, so that a typing error
    /// here does not cost a pasted token.</summary>
    /// <exception cref="CliFailure">The text is not a duration.</exception>
    public static Duration? Expiry(string? text)
    {
        try
        {
            return DurationText.ParseOptional(text) is { } duration ? Duration.FromTimeSpan(duration) : null;
        }
        catch (FormatException exception)
        {
            throw CliFailure.Failed(exception.Message);
        }
    }
}
