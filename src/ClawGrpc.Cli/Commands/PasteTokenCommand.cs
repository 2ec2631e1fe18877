using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth paste-token</c>.</summary>
internal static class PasteTokenCommand
{
    public static Command Create(Globals globals)
    {
        var provider = ProviderOption.Create();
        var profileId = new Option<string?>("--profile-id") { Description = "Auth profile id (default: <provider>:manual)", HelpName = "id" };
        var expiresIn = new Option<string?>("--expires-in")
        {
            Description = "Optional expiry duration (e.g. 365d, 12h). Stored as absolute expiresAt.",
            HelpName = "duration",
        };
        const string description = "Paste a token into auth-profiles.json and update config";
        return globals.Command("paste-token", description, [provider, profileId, expiresIn], async (invocation, cancellation) =>
        {
            var name = ProviderOption.Required(invocation, provider);
            await PasteAsync(invocation, name, invocation.Get(profileId)?.Trim() ?? "", Expiry(invocation.Get(expiresIn)), cancellation);
            return 0;
        });
    }

    /// <summary>Asks for the token, or reads it from standard input, and stores it.</summary>
    public static async Task PasteAsync(
        Invocation invocation, string provider, string profileId, Duration? expiresIn, CancellationToken cancellation)
    {
        var request = new PasteTokenRequest { AgentId = invocation.AgentId, Provider = provider, ProfileId = profileId, ExpiresIn = expiresIn };
        request.Token = invocation.Surroundings.InputIsTerminal
            ? await Prompts.SecretAsync(invocation.Surroundings.Questions(), $"Paste token for {provider}", cancellation)
            : await Secrets.FromInputAsync(invocation.Surroundings, cancellation);
        var response = await invocation.Auth.PasteTokenAsync(request, cancellationToken: cancellation);
        Announcement.Write(invocation, response.ConfigPath, $"{response.ProfileId} ({response.Provider}/token)", response.Notices);
    }

    /// <summary>When a token expires, as an option says it; null: never.</summary>
    /// <exception cref="CliFailure">It is no duration.</exception>
    // Wrong before anything is asked or sent: a token need not be pasted twice for a typing error beside it.
    public static Duration? Expiry(string? text)
    {
        try
        {
            return DurationText.ParseOptional(text) is { } duration ? Duration.FromTimeSpan(duration) : null;
        }
        catch (FormatException e)
        {
            throw CliFailure.Failed(e.Message);
        }
    }
}
