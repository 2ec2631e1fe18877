using System.CommandLine;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options of <c>claw onboard</c>.</summary>
internal sealed record OnboardOptions
{
    private readonly IReadOnlyList<Option> _others =
    [
        .. new[]
        {
            "--workspace", "--flow", "--gateway-port", "--gateway-bind", "--gateway-auth", "--gateway-token",
            "--gateway-password", "--daemon-runtime", "--node-manager", "--tailscale",
        }.Select(name => new Option<string?>(name) { Hidden = true }),
        .. new[]
        {
            "--install-daemon", "--no-install-daemon", "--skip-channels", "--skip-daemon", "--skip-health",
            "--skip-skills", "--skip-ui",
        }.Select(name => new Option<bool>(name) { Hidden = true }),
    ];

    public Option<string?> ApiKey { get; } = new("--anthropic-api-key")
    {
        Description = "Anthropic API key; -: from standard input; no value: from ANTHROPIC_API_KEY",
        HelpName = "key",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> AuthChoice { get; } = new("--auth-choice")
    {
        Description = "Auth: apiKey|setup-token|token|claude-cli",
        HelpName = "choice",
    };

    public Option<string?> Token { get; } = new("--token")
    {
        Description = "Token value; -: from standard input",
        HelpName = "token",
    };

    public Option<string?> TokenProvider { get; } = new("--token-provider")
    {
        Description = "Token provider id (non-interactive; used with --auth-choice token)",
        HelpName = "id",
    };

    public Option<string?> TokenProfileId { get; } = new("--token-profile-id")
    {
        Description = "Auth profile id (default: anthropic:default)",
        HelpName = "id",
    };

    public Option<string?> TokenExpiresIn { get; } = new("--token-expires-in")
    {
        Description = "Optional token expiry duration (e.g. 365d, 12h)",
        HelpName = "duration",
    };

    public Option<string?> ProfileId { get; } = new("--profile-id")
    {
        Description = "Auth profile id (default: anthropic:default)",
        HelpName = "id",
    };

    public Option<bool> Verify { get; } = new("--verify")
    {
        Description = "Ask Anthropic first, by a free call, whether it takes the credential",
    };

    public Option<bool> NonInteractive { get; } = new("--non-interactive") { Description = "Run without prompts" };

    public Option<bool> AcceptRisk { get; } = new("--accept-risk")
    {
        Description = "Accepted for OpenClaw's sake; there is nothing to acknowledge",
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Output JSON summary" };

    public Option<string?> Mode { get; } = new("--mode") { Hidden = true };

    /// <summary>OpenClaw's options for what ClawGrpc does not have. Scripts may pass them; the command prints that it ignores
    /// them.</summary>
    public IReadOnlyList<Option> Ignored => [Mode, .. _others];

    public IEnumerable<Symbol> All =>
    [
        ApiKey, AuthChoice, Token, TokenProvider, TokenProfileId, TokenExpiresIn, ProfileId, Verify, NonInteractive, AcceptRisk,
        Json,
        .. Ignored,
    ];
}
