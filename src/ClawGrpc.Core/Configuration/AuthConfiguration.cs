using System.Collections.Immutable;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Configuration;

/// <summary>The section <c>auth</c> (openclaw-spec.md, section 2.1), and what ClawGrpc adds to it.</summary>
internal sealed record AuthConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static readonly AuthConfiguration None = new();

    /// <summary>
    /// <c>auth.profiles</c> in declaration order. The Claude CLI's counts as <c>oauth</c> even if the file declares <c>token</c>.
    /// </summary>
    public ImmutableArray<DeclaredProfile> Profiles { get; init; } = [];

    /// <summary><c>auth.order</c>: normalized provider to ids; an empty list means "no profiles".</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Order { get; init; } =
        ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary><c>auth.cooldowns</c>, as it holds for the provider anthropic.</summary>
    public HealthRules Health { get; init; } = HealthRules.OpenClaw20261;

    /// <summary>
    /// Whether other agents see the main agent's profiles too, without a copy (<c>auth.inheritFromMain</c>; section 0).
    /// </summary>
    public bool InheritFromMain { get; init; }

    internal static AuthConfiguration Read(Fields auth)
    {
        var read = new AuthConfiguration
        {
            Profiles = auth.Sections("profiles", ReadProfile),
            Order = auth.Map("order", ProviderOrder.Read).DistinctBy(order => order.Provider)
                .ToImmutableDictionary(order => order.Provider, order => order.Ids),
            Health = auth.Section("cooldowns") is { } cooldowns ? ReadCooldowns(cooldowns) : None.Health,
            InheritFromMain = auth.Flag("inheritFromMain") ?? false,
        };
        auth.RefuseOthers();
        return read;
    }

    private static DeclaredProfile? ReadProfile(string id, Fields profile)
    {
        var provider = profile.RequiredText("provider");
        var mode = profile.RequiredOneOf("mode", "api_key", "oauth", "token");
        var email = profile.Text("email");
        profile.Ignore("displayName");
        profile.RefuseOthers();

        // Older files declare the login as a token, which would exclude it (section 2.6).
        if (id == "anthropic:claude-cli" && provider == Provider.Anthropic && mode == "token")
            mode = "oauth";
        return provider is not null && mode is not null ? new DeclaredProfile(id, provider, mode, email) : null;
    }

    private static HealthRules ReadCooldowns(Fields cooldowns)
    {
        var preset = cooldowns.OneOf("preset", "openclaw-2026.1", "openclaw-2026.9") == "openclaw-2026.9"
            ? HealthRules.OpenClaw20269
            : HealthRules.OpenClaw20261;
        var backoff = cooldowns.PositiveNumber("billingBackoffHours");
        var byProvider = cooldowns.Map("billingBackoffHoursByProvider", ProviderBackoff.Read)
            .FirstOrDefault(own => own.Provider == Provider.Anthropic);
        var read = preset with
        {
            BillingBackoff = Hours(byProvider?.Hours ?? backoff) ?? preset.BillingBackoff,
            BillingMax = Hours(cooldowns.PositiveNumber("billingMaxHours")) ?? preset.BillingMax,
            FailureWindow = Hours(cooldowns.PositiveNumber("failureWindowHours")) ?? preset.FailureWindow,
        };
        cooldowns.RefuseOthers();
        return read;
    }

    // Caps at ten years: a TimeSpan cannot hold every double.
    private static TimeSpan? Hours(double? hours) => hours is { } some ? TimeSpan.FromHours(Math.Min(some, 24 * 3650)) : null;

    private sealed record ProviderOrder(string Provider, ImmutableArray<string> Ids)
    {
        public static ProviderOrder? Read(string provider, Field ids) =>
            ids.Texts() is { } list ? new ProviderOrder(Core.Provider.Normalize(provider), list) : null;
    }

    private sealed record ProviderBackoff(string Provider, double Hours)
    {
        public static ProviderBackoff? Read(string provider, Field hours) =>
            hours.PositiveNumber() is { } number ? new ProviderBackoff(Core.Provider.Normalize(provider), number) : null;
    }
}
