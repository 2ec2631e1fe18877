using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;

namespace ClawGrpc.Gateway.Status;

/// <summary>Reports each profile of an agent, and what the profiles of a provider come to.</summary>
internal sealed class ProfileReport(LiveConfiguration configuration)
{
    public ImmutableArray<ProfileStatus> Of(Agent agent, ProfileStore store, DateTimeOffset now)
    {
        var generation = configuration.Generation;
        var auth = configuration.Current.Configuration.AuthSettings;
        var sorted = store.Profiles
            .OrderBy(profile => profile.Credential.Provider, Alphabetical.Order)
            .ThenBy(profile => profile.Id, Alphabetical.Order);
        return Shown([.. sorted.Select(profile => new ProfileStatus
        {
            ProfileId = profile.Id,
            Provider = profile.Credential.Provider,
            Type = TypeOf(profile.Credential),
            Expiry = agent.Logins.StateOf(profile, now, generation.RefreshableIsOk),
            Expires = Expiry.Of(profile.Credential),
            Source = generation.SharesClaudeLogin ? SourceOf(profile.Id) : "store",
            Label = EmailOf(profile) is { } email ? $"{profile.Id} ({email})" : profile.Id,
            Health = store.HealthOf(profile.Id),
            Origin = profile.Origin,
            Mask = ProfileLabel.MaskOf(profile.Credential),
            OrderPosition = 1 + (ProfileOrder.ExplicitOf(store, auth, Provider.Normalize(profile.Credential.Provider))
                ?.IndexOf(profile.Id) ?? -1),
            RateLimits = [.. agent.RateLimits.Of(profile.Id)],
            Usage = agent.Usage.OfProfile(profile.Id),
        })]);
    }

    public ImmutableArray<ProviderExpiry> ExpiriesOf(
        Agent agent, ProfileStore store, IEnumerable<string> providers, DateTimeOffset now)
    {
        var refreshableIsOk = configuration.Generation.RefreshableIsOk;
        var byProvider = store.Profiles.ToLookup(profile => profile.Credential.Provider.Trim());
        return [.. providers.Select(provider => new ProviderExpiry(
            provider,
            Expiry.Worst(byProvider[provider].Select(profile =>
                (profile.Credential, agent.Logins.StateOf(profile, now, refreshableIsOk)))),
            byProvider[provider].Min(profile => Expiry.Of(profile.Credential))))];
    }

    /// <param name="profile">The profile.</param>
    /// <param name="health">Its health.</param>
    /// <param name="fault">What keeps it from serving whatever its health; null if nothing does.</param>
    /// <param name="now">The time.</param>
    public string LabelOf(Profile profile, ProfileHealth health, SetAside? fault, DateTimeOffset now) => ProfileLabel.Of(
        profile, EmailOf(profile), fault ?? SetAside.AllOf(health, now).MaxBy(each => (each.Disabled, each.Until)), now);

    /// <summary>The addresses that labels have.</summary>
    public ImmutableArray<string> MailsOf(ProfileStore store) => [.. store.Profiles.Select(EmailOf).OfType<string>().Distinct()];

    public static CredentialType TypeOf(Credential credential) => credential switch
    {
        ApiKeyCredential => CredentialType.ApiKey,
        TokenCredential => CredentialType.Token,
        _ => CredentialType.Oauth,
    };

    // Rate limits yield before profiles do.
    private static ImmutableArray<ProfileStatus> Shown(ImmutableArray<ProfileStatus> all)
    {
        var shown = StatusBudget.Fitting(all, StatusBudget.OfProfiles, SizeOf);
        return shown.Length == all.Length
            ? all
            : StatusBudget.Fitting(
                [.. all.Select(profile => profile with { RateLimits = [] })], StatusBudget.OfProfiles, SizeOf);
    }

    private static int SizeOf(ProfileStatus profile) =>
        StatusBudget.SizeOf(profile.ProfileId, profile.Provider, profile.Label, profile.Source, profile.Origin, profile.Mask)
        + profile.RateLimits.Sum(window => StatusBudget.SizeOf(window.Name, window.State))
        + (profile.Usage is null ? 0 : StatusBudget.SizeOf() * 3);

    // An address that the configuration declares counts more than the one of the login.
    private string? EmailOf(Profile profile)
    {
        var declared = configuration.Current.Configuration.Auth.Profiles.FirstOrDefault(each => each.Id == profile.Id)?.Email;
        return new[] { declared?.Trim(), profile.Credential.Email?.Trim() }.FirstOrDefault(email => !string.IsNullOrEmpty(email));
    }

    // Clawdbot and openclaw-cn say whose login it is (openclaw-spec.md, section 3.5).
    private static string SourceOf(string id) => id switch
    {
        ClaudeLogin.ProfileId => "claude-cli",
        "openai-codex:codex-cli" => "codex-cli",
        _ => "store",
    };
}
