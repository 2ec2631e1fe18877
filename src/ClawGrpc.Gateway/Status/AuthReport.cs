using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Status;

/// <summary>Reports the credentials of an agent: providers, what is set aside, and each profile.</summary>
internal sealed class AuthReport(LiveConfiguration configuration, StateFolder folder, ProfileReport profiles)
{
    private const string NewCredential =
        "Onboard a new credential: claw onboard, or claw models auth paste-token --provider anthropic.";

    private const string Unsealed = "It was left as it is. See: claw secrets status.";

    public AuthStatus Of(Agent agent, ProfileStore store, AgentSetup setup, DateTimeOffset now)
    {
        var models = setup.Models;
        var inUse = ProvidersOf(
            [models.DefaultText, .. models.FallbackTexts, models.ImageText ?? "", .. models.ImageFallbackTexts]);
        var names = Sorted([
            .. store.Profiles.Select(profile => profile.Credential.Provider.Trim()),
            .. configuration.Current.Configuration.Models.Providers.Select(provider => provider.Id.Trim()),
            .. inUse, .. ProvidersOf(models.Shown),
            .. EnvironmentKeys.Always.Where(key => configuration.Variable(key.Variable) is not null).Select(key => key.Provider),
        ]);
        var faults = FaultsOf(store, setup.Auth, now);
        var providers = names.Select(name => ProviderOf(name, agent, store, faults, now))
            .ToLookup(provider => provider.Effective.Kind != "missing");
        return new AuthStatus
        {
            StorePath = agent.StorePath,
            ShellEnvFallback = configuration.Current.Configuration.Env.ShellEnv || EnvironmentKeys.AsksShell,
            ProvidersWithLogins = StatusBudget.Fitting(
                [
                    .. providers[true].Where(provider => LoginsOf(provider) > 0)
                        .Select(provider => $"{provider.Provider} ({LoginsOf(provider)})"),
                ],
                StatusBudget.OfNames, StatusBudget.SizeOfText),
            MissingProvidersInUse = [.. providers[false].Select(provider => provider.Provider).Where(inUse.Contains)],
            Providers = StatusBudget.Fitting(
                [.. providers[true]], StatusBudget.OfProviders, SizeOf, static each => !IsOurs(each.Provider)),
            UnusableProfiles = Shown([.. SetAsideOf(store, now), .. Unusable(faults, setup, store)]),
            Profiles = profiles.Of(agent, store, now),
            ProviderExpiries = StatusBudget.Fitting(
                profiles.ExpiriesOf(agent, store, names, now), StatusBudget.OfNames,
                static expiry => StatusBudget.SizeOf(expiry.Provider), static each => !IsOurs(each.Provider)),
        };
    }

    private static int SizeOf(ProviderStatus provider) =>
        StatusBudget.SizeOf(provider.Provider, provider.Effective.Detail)
        + provider.Labels.Sum(StatusBudget.SizeOfText);

    // Like the programs, this asks each text for its provider without resolving aliases.
    private static List<string> ProvidersOf(IEnumerable<string> models) =>
        [.. models.Select(ModelRef.ParseKey).OfType<ModelRef>().Select(model => model.Provider).Distinct()];

    private static List<string> Sorted(IEnumerable<string> providers) =>
        [.. providers.Where(provider => provider.Length > 0).Distinct().Order(Alphabetical.Order)];

    private static int LoginsOf(ProviderStatus provider) => provider.Types.Count(type => type != CredentialType.ApiKey)
        + (provider.Environment is { } key && EnvironmentKeys.IsLogin(key.Source) ? 1 : 0);

    private ProviderStatus ProviderOf(
        string name, Agent agent, ProfileStore store, IReadOnlyDictionary<string, Ineligible> faults, DateTimeOffset now)
    {
        var own = store.Profiles.Where(profile => IsSame(profile.Credential.Provider, name)).ToList();
        var (environment, configured) = (EnvironmentKeyOf(name), ConfiguredKeyOf(name));
        return new ProviderStatus
        {
            Provider = name,
            Effective = own.Count > 0 ? ("profiles", folder.Short(agent.StorePath))
                : environment is { } variable ? ("env", variable.Value)
                : configured is { } key ? ("models.json", key.Value)
                : ("missing", "missing"),
            Types = [.. own.Select(profile => ProfileReport.TypeOf(profile.Credential))],
            Labels = StatusBudget.Fitting(
                [
                    .. own.Select(profile => profiles.LabelOf(
                        profile, store.HealthOf(profile.Id), AsideOf(faults.GetValueOrDefault(profile.Id)), now)),
                ],
                StatusBudget.OfLabels, StatusBudget.SizeOfText),
            Environment = environment,
            Configuration = configured,
        };
    }

    private (string Value, string Source)? EnvironmentKeyOf(string provider)
    {
        foreach (var variable in EnvironmentKeys.Of(provider))
        {
            if (configuration.Variable(variable) is { } value)
                return (EnvironmentKeys.IsLogin(variable) ? "OAuth (env)" : value.Mask(), $"env: {variable}");
        }

        return null;
    }

    private (string Value, string Source)? ConfiguredKeyOf(string provider)
    {
        var configured = configuration.Current.Configuration.Models.Providers.FirstOrDefault(each => IsSame(each.Id, provider));
        var shown = configured?.ApiKey?.Mask() ?? configured?.ApiKeyReference?.Shown;
        return shown is null ? null : (shown, $"models.json: {folder.Short(configuration.Place)}");
    }

    private static bool IsOurs(string provider) => IsSame(provider, Provider.Anthropic);

    private static bool IsSame(string provider, string other) => Provider.Normalize(provider) == Provider.Normalize(other);

    // Profiles whose credential cannot be used as it is, whatever their health.
    private static Dictionary<string, Ineligible> FaultsOf(ProfileStore store, AuthSettings auth, DateTimeOffset now) =>
        store.Profiles.Where(profile => IsOurs(profile.Credential.Provider))
            .Select(profile => (profile.Id, Why: Eligible.Of(store, auth, Provider.Anthropic, profile.Id, now)))
            .Where(each => Eligible.CodeOf(each.Why) is not null)
            .ToDictionary(each => each.Id, each => new Ineligible(
                each.Id, each.Why, Eligible.Words(store, auth, each.Id, each.Why)));

    private static IEnumerable<UnusableProfile> Unusable(
        Dictionary<string, Ineligible> faults, AgentSetup setup, ProfileStore store) =>
        store.Profiles.Select(profile => faults.GetValueOrDefault(profile.Id))
            .Concat(setup.FallbackKeys.Select(key => key.Unusable)).Concat(setup.HeaderFaults)
            .OfType<Ineligible>().Select(fault => new UnusableProfile
            {
                ProfileId = fault.Id,
                Provider = Provider.Anthropic,
                Aside = AsideOf(fault)!,
                RecoveryHint = HintOf(fault, faults.ContainsKey(fault.Id)),
            });

    private static SetAside? AsideOf(Ineligible? fault) =>
        fault is null ? null : new SetAside(ProfileHealth.Never, Eligible.CodeOf(fault.Why), Disabled: true, null);

    // Those that come back at the same time are in the file's order, and health without a profile is last.
    private static ImmutableArray<UnusableProfile> SetAsideOf(ProfileStore store, DateTimeOffset now) =>
        [.. store.Profiles.Select(profile => profile.Id).Concat(store.Health.Keys.Order(StringComparer.Ordinal)).Distinct()
            .SelectMany(id => SetAside.AllOf(store.HealthOf(id), now).Select(aside => new UnusableProfile
            {
                ProfileId = id,
                Provider = store.Find(id)?.Credential.Provider,
                Aside = aside,
                RecoveryHint = HintOf(aside),
            }))
            .OrderBy(unusable => unusable.Aside.Until)];

    // Whole profiles first, and of the routes as many as fit.
    private static ImmutableArray<UnusableProfile> Shown(ImmutableArray<UnusableProfile> all) => StatusBudget.Fitting(
        all, StatusBudget.OfUnusable,
        each => StatusBudget.SizeOf(each.ProfileId, each.Provider, each.Aside.Model, each.Aside.Reason, each.RecoveryHint),
        each => each.Aside.Model is not null);

    private static string HintOf(Ineligible fault, bool isProfile)
    {
        var problem = $"{char.ToUpperInvariant(fault.Words[0])}{fault.Words[1..]}.";
        return fault.Why == Eligibility.UnresolvedReference ? $"{problem} It counts as soon as it can be."
            : fault.Why == Eligibility.OriginChanged ? $"{problem} To send it there: {Rebind(fault.Id, isProfile)}."
            : fault.Why == Eligibility.Sealed ? $"{problem} {Unsealed}"
            : isProfile ? $"{problem} {NewCredential}"
            : $"{problem} Correct it where it is set; the environment counts after a restart.";
    }

    private static string Rebind(string id, bool isProfile) => isProfile
        ? $"claw models auth rebind --profile-id {id}"
        : "claw models auth rebind, or restart the server";

    private static string HintOf(SetAside aside) => aside switch
    {
        { Reason: "auth_permanent" } =>
            "Settle it with Anthropic, then probe it (claw models status --probe) or onboard another account.",
        { Reason: "auth" } => NewCredential,
        { Disabled: true, Reason: "billing" } => "Top up credits (provider billing) or switch provider.",
        _ => "Wait for cooldown or switch provider.",
    };
}
