using System.Globalization;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Grpc.Mapping;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Gateway.Agents.Agent;
using ApiKeyCredential = ClawGrpc.Core.StateFiles.ApiKeyCredential;
using ExpiryState = ClawGrpc.Core.StateFiles.ExpiryState;

namespace ClawGrpc.Gateway.Status;

/// <summary>The part of a status that speaks of credentials, in OpenClaw's words and order.</summary>
internal sealed class AuthReport(LiveConfiguration configuration, StateFolder folder)
{
    // OpenClaw's table of environment keys; of the other providers only whether one is set matters. The first ones are looked for
    // always, the further ones when something names their provider.
    private static readonly (string Provider, string Variable)[] Variables =
    [
        ("anthropic", "ANTHROPIC_OAUTH_TOKEN"), ("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY"),
        ("github-copilot", "COPILOT_GITHUB_TOKEN"), ("github-copilot", "GH_TOKEN"), ("github-copilot", "GITHUB_TOKEN"),
        ("google", "GEMINI_API_KEY"), ("groq", "GROQ_API_KEY"), ("cerebras", "CEREBRAS_API_KEY"), ("xai", "XAI_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"), ("zai", "ZAI_API_KEY"), ("zai", "Z_AI_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"), ("synthetic", "SYNTHETIC_API_KEY"),
    ];

    private static readonly string[] ShellVariables = ["OPENCLAW_LOAD_SHELL_ENV", "CLAWDBOT_LOAD_SHELL_ENV"];

    private static readonly (string Provider, string Variable)[] FurtherVariables =
    [
        ("opencode", "OPENCODE_API_KEY"), ("opencode", "OPENCODE_ZEN_API_KEY"), ("moonshot", "MOONSHOT_API_KEY"),
        ("minimax", "MINIMAX_API_KEY"), ("minimax-portal", "MINIMAX_OAUTH_TOKEN"), ("minimax-portal", "MINIMAX_API_KEY"),
        ("kimi-coding", "KIMI_API_KEY"), ("kimi-coding", "KIMICODE_API_KEY"), ("venice", "VENICE_API_KEY"),
        ("vercel-ai-gateway", "AI_GATEWAY_API_KEY"), ("cloudflare-ai-gateway", "CLOUDFLARE_AI_GATEWAY_API_KEY"), ("ollama", "OLLAMA_API_KEY"),
        ("chutes", "CHUTES_OAUTH_TOKEN"), ("chutes", "CHUTES_API_KEY"), ("qwen-portal", "QWEN_OAUTH_TOKEN"), ("qwen-portal", "QWEN_PORTAL_API_KEY"),
        ("deepgram", "DEEPGRAM_API_KEY"), ("voyage", "VOYAGE_API_KEY"), ("xiaomi", "XIAOMI_API_KEY"), ("qianfan", "QIANFAN_API_KEY"),
    ];

    public AuthStatus Of(Agent agent, ProfileStore store, AgentSetup setup, DateTimeOffset now)
    {
        var status = new AuthStatus
        {
            StorePath = agent.StorePath,
            ShellEnvFallback = configuration.Current.Configuration.Env.ShellEnv || ShellVariables.Any(IsSwitchedOn),
            WarnAfter = Duration.FromTimeSpan(Expiry.WarnAfter),
        };
        var models = setup.Models;
        var inUse = ProvidersOf([models.DefaultText, .. models.FallbackTexts, models.ImageText ?? "", .. models.ImageFallbackTexts]);
        var providers = Sorted([
            .. store.Profiles.Select(profile => profile.Credential.Provider.Trim()),
            .. configuration.Current.Configuration.Models.Providers.Select(provider => provider.Id.Trim()),
            .. inUse, .. ProvidersOf(models.Shown),
            .. Variables.Where(variable => configuration.Variable(variable.Variable) is not null).Select(variable => variable.Provider),
        ]);
        foreach (var provider in providers)
        {
            var entry = EntryOf(provider, agent, store, now);
            if (entry.EffectiveKind == "missing" && inUse.Contains(provider))
                status.MissingProvidersInUse.Add(provider);
            if (entry.EffectiveKind == "missing")
                continue;
            status.Providers.Add(entry);
            var logins = entry.OauthCount + entry.TokenCount + (IsLogin(entry.EnvSource) ? 1 : 0);
            if (logins > 0)
                status.ProvidersWithOauth.Add($"{provider} ({logins})");
        }

        status.UnusableProfiles.AddRange(UnusableOf(store, now));
        AddProfiles(status, agent, store, providers, now);
        return status;
    }

    // The programs ask each text by itself for its provider, without aliases; what names no model has none.
    private static List<string> ProvidersOf(IEnumerable<string> models) =>
        [.. models.Select(ModelRef.ParseKey).OfType<ModelRef>().Select(model => model.Provider).Distinct()];

    private static List<string> Sorted(IEnumerable<string> providers) =>
        [.. providers.Where(provider => provider.Length > 0).Distinct().Order(Alphabetical.Order)];

    private ProviderStatus EntryOf(string provider, Agent agent, ProfileStore store, DateTimeOffset now)
    {
        var profiles = store.Profiles.Where(profile => Provider.Normalize(profile.Credential.Provider) == Provider.Normalize(provider)).ToList();
        var (variable, value) = VariableOf(provider);
        var key = configuration.Current.Configuration.Models.Providers.FirstOrDefault(each => Provider.Normalize(each.Id) == Provider.Normalize(provider))?.ApiKey;
        var keySource = key is null ? "" : $"models.json: {folder.Short(configuration.Path)}";
        var entry = new ProviderStatus
        {
            Provider = provider,
            ProfileCount = profiles.Count,
            OauthCount = profiles.Count(profile => profile.Credential is OAuthCredential),
            TokenCount = profiles.Count(profile => profile.Credential is TokenCredential),
            ApiKeyCount = profiles.Count(profile => profile.Credential is ApiKeyCredential),
            EnvValue = value is null ? "" : IsLogin(variable) ? "OAuth (env)" : value.Mask(),
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

    private (string Variable, Core.Secret? Value) VariableOf(string provider)
    {
        foreach (var (_, variable) in Variables.Concat(FurtherVariables).Where(each => each.Provider == Provider.Normalize(provider)))
        {
            if (configuration.Variable(variable) is { } value)
                return (variable, value);
        }

        return ("", null);
    }

    private static bool IsLogin(string variable) => variable.EndsWith("OAUTH_TOKEN", StringComparison.Ordinal);

    private static bool IsSwitchedOn(string variable) =>
        Environment.GetEnvironmentVariable(variable)?.Trim().ToLowerInvariant() is "1" or "true" or "yes" or "on";

    // Such as `anthropic:default=sk-ant-a...00000001 [cooldown 8m]`.
    private string LabelOf(Profile profile, ProfileHealth health, DateTimeOffset now)
    {
        var shown = profile.Credential switch
        {
            ApiKeyCredential key => key.Key?.Mask() ?? "missing",
            TokenCredential token => $"token:{token.Token?.Mask() ?? "missing"}",
            _ => EmailOf(profile) is { } email ? $"OAuth ({email})" : "OAuth",
        };
        var aside = SetAside.AllOf(health, now).MaxBy(each => (each.Disabled, each.Until));
        var suffix = aside is null ? ""
            : $" [{(aside.Disabled ? $"disabled{(aside.Reason is null ? "" : $":{aside.Reason}")}" : "cooldown")}"
                + $"{(aside.Until < ProfileHealth.Never ? $" {ShortSpan(aside.Until - now)}" : "")}]";
        return $"{profile.Id}={shown}{suffix}";
    }

    // What the configuration declares counts more than what the login brought along.
    private string? EmailOf(Profile profile)
    {
        var declared = configuration.Current.Configuration.Auth.Profiles.FirstOrDefault(each => each.Id == profile.Id)?.Email?.Trim();
        return new[] { declared, profile.Credential.Email?.Trim() }.FirstOrDefault(email => !string.IsNullOrEmpty(email));
    }

    private static string ShortSpan(TimeSpan span)
    {
        var minutes = Math.Max(1, (long)Math.Round(span.TotalMinutes, MidpointRounding.AwayFromZero));
        return minutes < 60 ? string.Create(CultureInfo.InvariantCulture, $"{minutes}m")
            : Math.Round(span.TotalHours, MidpointRounding.AwayFromZero) is < 48 and var hours ? string.Create(CultureInfo.InvariantCulture, $"{hours}h")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(span.TotalDays, MidpointRounding.AwayFromZero)}d");
    }

    // Of those that come back at the same time the first of the file, and those that are no profiles any more behind them.
    private static IEnumerable<UnusableProfile> UnusableOf(ProfileStore store, DateTimeOffset now) => store.Profiles.Select(profile => profile.Id)
        .Concat(store.Health.Keys.Order(StringComparer.Ordinal)).Distinct()
        .SelectMany(id => SetAside.AllOf(store.HealthOf(id), now).Select(aside => (Id: id, Aside: aside)))
        .OrderBy(each => each.Aside.Until)
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
        var ordered = store.Profiles.OrderBy(profile => profile.Credential.Provider, Alphabetical.Order).ThenBy(profile => profile.Id, Alphabetical.Order);
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
                Label = EmailOf(profile) is { } email ? $"{profile.Id} ({email})" : profile.Id,
                LastUsedTime = Timestamps.OrUnset(health.LastUsed),
                LastFailureTime = Timestamps.OrUnset(health.LastFailureAt),
                ErrorCount = health.ErrorCount,
                Usage = agent.Usage.OfProfile(profile.Id) is { } used ? UsageMapping.ToSummary(used) : null,
            };
            entry.RateLimits.AddRange(agent.RateLimits.Of(profile.Id).Select(UsageMapping.ToMessage));
            status.Profiles.Add(entry);
        }

        foreach (var provider in providers)
        {
            var own = states.Where(each => each.Credential.Provider.Trim() == provider).ToList();
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
