namespace ClawGrpc.Cli.Commands;

/// <summary>The ways to onboard.</summary>
internal enum OnboardChoice
{
    /// <summary>A key of the Console.</summary>
    ApiKey,

    /// <summary>A token of <c>claude setup-token</c>.</summary>
    SetupToken,

    /// <summary>The same, as OpenClaw's non-interactive onboarding calls it: with a provider beside it.</summary>
    Token,

    /// <summary>The login of the Claude CLI on the server's host.</summary>
    ClaudeCli,
}

/// <summary>The names of the ways, as <c>--auth-choice</c> takes them; of several the first is told.</summary>
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

    public static string NameOf(OnboardChoice choice) => All.First(entry => entry.Choice == choice).Name;

    /// <summary>The way of a name.</summary>
    /// <exception cref="CliFailure">There is none of that name (2026.9's words; older programs ignored it silently).</exception>
    public static OnboardChoice Of(string name)
    {
        foreach (var entry in All)
        {
            if (entry.Name == name) return entry.Choice;
        }

        throw CliFailure.Verbatim($"Unknown --auth-choice \"{name}\". Valid choices: {string.Join(", ", All.Select(entry => entry.Name))}");
    }
}
