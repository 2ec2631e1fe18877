using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Commands;

/// <summary>The request of <c>claw onboard</c>.</summary>
internal static class OnboardRequests
{
    /// <summary>The request, without agent and profile.</summary>
    /// <param name="choice">The way to onboard.</param>
    /// <param name="secret">The key or token; null to take the API key that the server has.</param>
    /// <param name="expiresIn">The value of <c>--token-expires-in</c>.</param>
    /// <exception cref="CliFailure"><paramref name="expiresIn"/> is not a duration.</exception>
    public static OnboardRequest Of(OnboardChoice choice, string? secret, string? expiresIn) => choice switch
    {
        // Without a key, the server takes one that it has (openclaw-spec.md, section 7.1).
        OnboardChoice.ApiKey => new OnboardRequest
        {
            ApiKey = new ApiKeyCredential { Key = secret ?? "", Existing = secret is null },
        },
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
        catch (FormatException exception)
        {
            // Two prefixes, because OpenClaw prints the error that it caught (openclaw-spec.md, section 3.3, "Duration").
            throw CliFailure.Verbatim($"Invalid --token-expires-in: Error: {exception.Message}");
        }
    }
}
