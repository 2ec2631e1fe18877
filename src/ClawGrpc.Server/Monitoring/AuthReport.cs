using System.Globalization;
using ClawGrpc.Core.Profiles;
using ClawGrpc.Core.Selection;
using ClawGrpc.Server.Completions;
using ClawGrpc.Server.Configuration;
using ClawGrpc.Server.State;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Server.Agents.Agent;
using ApiKeyCredential = ClawGrpc.Core.Profiles.ApiKeyCredential;
using ExpiryState = ClawGrpc.Core.Profiles.ExpiryState;

namespace ClawGrpc.Server.Monitoring;

/// <summary>The part of a status that speaks of credentials, in OpenClaw's words and order.</summary>
internal sealed class AuthReport(LiveConfiguration configuration, StateFolder folder)
{
    // OpenClaw's table of environment keys; of the other providers only whether one is set matters.
    private static readonly (string Provider, string Variable, bool OAuth)[] Variables =
    [
        ("anthropic", "ANTHROPIC_OAUTH_TOKEN", true), ("anthropic", "ANTHROPIC_API_KEY", false), ("openai", "OPENAI_API_KEY", false),
        ("google", "GEMINI_API_KEY", false), ("groq", "GROQ_API_KEY", false), ("cerebras", "CEREBRAS_API_KEY", false), ("xai", "XAI_API_KEY", false),
        ("openrouter", "OPENROUTER_API_KEY", false), ("zai", "ZAI_API_KEY", false), ("mistral", "MISTRAL_API_KEY", false),
    ];

    public AuthStatus Of(Agent agent, ProfileStore store, AgentSetup setup, DateTimeOffset now)
    {
        var status = new AuthStatus
        {
            StorePath = agent.StorePath,
            ShellEnvFallback = configuration.Current.Configuration.Env.ShellEnv,
            WarnAfter = Duration.FromTimeSpan(Expiry.WarnAfter),
        };
        var inUse = setup.Models.Fallbacks.Concat(setup.Models.ImageFallbacks).Prepend(setup.Models.Default)
            .Concat(setup.Models.Image is { } image ? [image] : []).Select(model => model.Provider).Distinct().ToList();
        var providers = store.Profiles.Select(profile => Provider.Normalize(profile.Credential.Provider))
            .Concat(configuration.Current.Configuration.Models.Providers.Select(provider => Provider.Normalize(provider.Id)))
            .Concat(inUse).Concat(Variables.Select(variable => variable.Provider)).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var provider in providers)
        {
            var entry = EntryOf(provider, agent, store, now);
            if (entry.EffectiveKind == "missing" && inUse.Contains(provider))
                status.MissingProvidersInUse.Add(provider);
            if (entry.EffectiveKind == "missing")
                continue;
            status.Providers.Add(entry);
            var logins = entry.OauthCount + entry.TokenCount + (entry.EnvSource.EndsWith("OAUTH_TOKEN", StringComparison.Ordinal) ? 1 : 0);
            if (logins > 0)
                status.ProvidersWithOauth.Add($"{provider} ({logins})");
        }

        status.UnusableProfiles.AddRange(UnusableOf(store, now));
        var known = providers.Where(provider => inUse.Contains(provider) || status.Providers.Any(entry => entry.Provider == provider));
        AddProfiles(status, agent, store, [.. known], now);
        return status;
    }

    private ProviderStatus EntryOf(string provider, Agent agent, ProfileStore store, DateTimeOffset now)
    {
        var profiles = store.Profiles.Where(profile => Provider.Normalize(profile.Credential.Provider) == provider).ToList();
        var (variable, value, oauth) = VariableOf(provider);
        var key = configuration.Current.Configuration.Models.Providers.FirstOrDefault(each => Provider.Normalize(each.Id) == provider)?.ApiKey;
        var keySource = key is null ? "" : $"models.json: {folder.Short(configuration.Path)}";
        var entry = new ProviderStatus
        {
            Provider = provider,
            ProfileCount = profiles.Count,
            OauthCount = profiles.Count(profile => profile.Credential is OAuthCredential),
            TokenCount = profiles.Count(profile => profile.Credential is TokenCredential),
            ApiKeyCount = profiles.Count(profile => profile.Credential is ApiKeyCredential),
            EnvValue = value is null ? "" : oauth ? "OAuth (env)" : value.Mask(),
            EnvSource = value is null ? "" : $"env: {variable}",
            ModelsJsonValue = key?.Mask() ?? "",
            ModelsJsonSource = keySource,
        };
        (entry.EffectiveKind, entry.EffectiveDetail) = profiles.Count > 0 ? ("profiles", folder.Short(agent.StorePath))
            : value is not null ? ("env", entry.EnvValue)
            : key is not null ? ("models.json", entry.ModelsJsonValue)
            : ("missing", "missing");
        entry.Labels.AddRange(profiles.Select(profile => LabelOf(profile, store.HealthOf(profile.Id), now)));
        return entry;
    }

    private (string Variable, Core.Secret? Value, bool OAuth) VariableOf(string provider)
    {
        foreach (var (_, variable, oauth) in Variables.Where(each => each.Provider == provider))
        {
            if (configuration.Variable(variable) is { } value)
                return (variable, value, oauth);
        }

        return ("", null, false);
    }

    // Such as `anthropic:default=sk-ant-a...00000001 [cooldown 8m]`.
    private static string LabelOf(Profile profile, ProfileHealth health, DateTimeOffset now)
    {
        var shown = profile.Credential switch
        {
            ApiKeyCredential key => key.Key?.Mask() ?? "missing",
            TokenCredential token => $"token:{token.Token?.Mask() ?? "missing"}",
            { Email: { } email } => $"OAuth ({email})",
            _ => "OAuth",
        };
        var aside = SetAside.AllOf(health, now).MaxBy(each => (each.Disabled, each.Until));
        var suffix = aside is null ? ""
            : $" [{(aside.Disabled ? $"disabled{(aside.Reason is null ? "" : $":{aside.Reason}")}" : "cooldown")}"
                + $"{(aside.Until < ProfileHealth.Never ? $" {ShortSpan(aside.Until - now)}" : "")}]";
        return $"{profile.Id}={shown}{suffix}";
    }

    private static string ShortSpan(TimeSpan span)
    {
        var minutes = Math.Max(1, (long)Math.Round(span.TotalMinutes, MidpointRounding.AwayFromZero));
        return minutes < 60 ? string.Create(CultureInfo.InvariantCulture, $"{minutes}m")
            : Math.Round(span.TotalHours, MidpointRounding.AwayFromZero) is < 48 and var hours ? string.Create(CultureInfo.InvariantCulture, $"{hours}h")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(span.TotalDays, MidpointRounding.AwayFromZero)}d");
    }

    private static IEnumerable<UnusableProfile> UnusableOf(ProfileStore store, DateTimeOffset now) => store.Health
        .SelectMany(pair => SetAside.AllOf(pair.Value, now).Select(aside => (Id: pair.Key, Aside: aside)))
        .OrderBy(each => each.Aside.Until).ThenBy(each => each.Id, StringComparer.Ordinal)
        .Select(each => new UnusableProfile
        {
            ProfileId = each.Id,
            Provider = store.Find(each.Id)?.Credential.Provider ?? "",
            Kind = each.Aside.Disabled ? "disabled" : "cooldown",
            Reason = each.Aside.Reason ?? "",
            RecoverTime = Timestamps.OfEnd(each.Aside.Until),
            Model = each.Aside.Model ?? "",
            RecoveryHint = (each.Aside.Disabled, each.Aside.Reason) switch
            {
                (_, "auth") => "Onboard a new credential: claw onboard, or claw models auth paste-token --provider anthropic.",
                (true, "billing") => "Top up credits (provider billing) or switch provider.",
                _ => "Wait for cooldown or switch provider.",
            },
        });

    private void AddProfiles(AuthStatus status, Agent agent, ProfileStore store, IReadOnlyList<string> providers, DateTimeOffset now)
    {
        var generation = configuration.Generation;
        var states = new List<(Credential Credential, ExpiryState State)>();
        var ordered = store.Profiles.OrderBy(profile => profile.Credential.Provider, StringComparer.Ordinal).ThenBy(profile => profile.Id, StringComparer.Ordinal).ToList();
        foreach (var profile in ordered)
        {
            var health = store.HealthOf(profile.Id);
            var state = agent.Logins.StateOf(profile, now, generation.RefreshableIsOk);
            states.Add((profile.Credential, state));
            var entry = new ProfileStatus
            {
                ProfileId = profile.Id,
                Provider = profile.Credential.Provider,
                Type = profile.Credential switch
                {
                    ApiKeyCredential => CredentialType.ApiKey,
                    TokenCredential => CredentialType.Token,
                    _ => CredentialType.Oauth,
                },
                Expiry = Message(state),
                ExpireTime = Timestamps.OfEnd(Expiry.Of(profile.Credential)),
                Source = generation.SharesClaudeLogin ? SourceOf(profile.Id) : "store",
                Label = profile.Credential.Email is { } email ? $"{profile.Id} ({email})" : profile.Id,
                LastUsedTime = Timestamps.OrUnset(health.LastUsed),
                LastFailureTime = Timestamps.OrUnset(health.LastFailureAt),
                ErrorCount = health.ErrorCount,
                Usage = agent.Usage.OfProfile(profile.Id),
            };
            entry.RateLimits.AddRange(agent.RateLimits.Of(profile.Id));
            status.Profiles.Add(entry);
        }

        foreach (var provider in providers)
        {
            var own = states.Where(each => Provider.Normalize(each.Credential.Provider) == provider).ToList();
            status.ProviderExpiries.Add(new ProviderExpiry
            {
                Provider = provider,
                Expiry = Message(Expiry.Worst(own)),
                ExpireTime = Timestamps.OfEnd(own.Min(each => Expiry.Of(each.Credential))),
            });
        }
    }

    // Clawdbot and openclaw-cn say whose login it is (openclaw-spec.md, section 3.5).
    private static string SourceOf(string id) => id switch
    {
        "anthropic:claude-cli" => "claude-cli",
        "openai-codex:codex-cli" => "codex-cli",
        _ => "store",
    };

    private static V1.ExpiryState Message(ExpiryState state) => (V1.ExpiryState)((int)state + 1);
}
