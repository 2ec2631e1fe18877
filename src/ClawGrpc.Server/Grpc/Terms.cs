namespace ClawGrpc.Server.Grpc;

/// <summary>What a person must see when a subscription credential is onboarded (anthropic-api.md, section 6.4).</summary>
internal static class Terms
{
    public static readonly IReadOnlyList<string> OfSubscriptions =
    [
        "Anthropic's terms: OAuth authentication is intended exclusively for purchasers of Claude subscription plans and for "
        + "ordinary use of Claude Code and other native Anthropic applications. Anthropic does not permit third-party developers "
        + "to route requests through Free, Pro, or Max plan credentials on behalf of their users. Use a setup-token of your own "
        + "only, for your own work; for services use an API key. See code.claude.com/docs/en/legal-and-compliance.",
        "The token is used with ClawGrpc's own User-Agent and is never shared between agents. To switch subscription credentials "
        + "off: clawgrpc.subscriptions.enabled: false in the configuration.",
    ];
}
