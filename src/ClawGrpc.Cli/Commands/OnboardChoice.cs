using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary>The ways to onboard.</summary>
internal enum OnboardChoice
{
    /// <summary>An API key of the Anthropic Console.</summary>
    ApiKey,

    /// <summary>A token that <c>claude setup-token</c> printed.</summary>
    SetupToken,

    /// <summary>The same, by the name of OpenClaw's non-interactive onboarding, which also takes a provider.</summary>
    Token,

    /// <summary>The login of the Claude CLI on the server's host.</summary>
    ClaudeCli,
}

/// <summary>The names of the choices, as <c>--auth-choice</c> takes them; the first name of a choice is the one
/// printed.</summary>
internal static class OnboardChoices
{
    private static readonly (OnboardChoice Choice, string Name)[] All =
    [
        (OnboardChoice.ApiKey, "apiKey"),
        (OnboardChoice.SetupToken, "setup-token"),
        (OnboardChoice.Token, "token"),
        (OnboardChoice.ClaudeCli, "claude-cli"),
        (OnboardChoice.SetupToken, "oauth"),
    ];

    /// <summary>The profile that the login of the Claude CLI always has.</summary>
    public const string ClaudeCliProfile = "anthropic:claude-cli";

    /// <summary>The profile that the server takes if none is named.</summary>
    public static string DefaultProfileOf(OnboardChoice choice) =>
        choice == OnboardChoice.ClaudeCli ? ClaudeCliProfile : "anthropic:default";

    /// <summary>The kind of credential that a choice stores.</summary>
    public static CredentialType TypeOf(OnboardChoice choice) => choice switch
    {
        OnboardChoice.ApiKey => CredentialType.ApiKey,
        OnboardChoice.ClaudeCli => CredentialType.Oauth,
        _ => CredentialType.Token,
    };

    public static string NameOf(OnboardChoice choice) => All.First(entry => entry.Choice == choice).Name;

    /// <summary>The choice with a name.</summary>
    /// <exception cref="CliFailure">No choice has this name (2026.9's words; older versions ignored it).</exception>
    public static OnboardChoice Of(string name)
    {
        foreach (var entry in All)
        {
            if (entry.Name == name)
                return entry.Choice;
        }

        var names = string.Join(", ", All.Select(entry => entry.Name));
        throw CliFailure.Verbatim($"Unknown --auth-choice \"{name}\". Valid choices: {names}");
    }
}
