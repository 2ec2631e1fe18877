using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A status as OpenClaw's <c>models status</c> prints it for people, followed by ClawGrpc's own sections if they are not
/// empty.</summary>
/// <param name="Environment">Has the clock, and the home folder that paths are shortened by.</param>
internal sealed record StatusText(CliEnvironment Environment)
{
    private const int LabelWidth = 14;

    private DateTimeOffset Now { get; } = Environment.Time.GetUtcNow();

    /// <summary>OpenClaw's name for the owner of a setting.</summary>
    public static string SourceOf(bool isOwn) => isOwn ? "agent" : "defaults";

    /// <summary>Writes the text.</summary>
    /// <param name="writer">The output.</param>
    /// <param name="status">The status.</param>
    /// <param name="withSources">Whether to name the owner of settings, as OpenClaw does when <c>--agent</c> is given.</param>
    public void Write(TextWriter writer, AgentStatus status, bool withSources)
    {
        var auth = status.Auth ?? new AuthStatus();
        foreach (var line in Models(status, withSources).Concat(Overview(auth)).Concat(Missing(auth)).Concat(Expiries(auth))
            .Concat(Unusable(auth)).Concat(UsageOf(status)).Concat(ConfigurationErrors(status))
            .Concat(ConfigurationWarnings(status)))
        {
            writer.Write(line);
            writer.Write('\n');
        }
    }

    private IEnumerable<string> Models(AgentStatus status, bool withSources)
    {
        string From(bool isOwn) => withSources ? $" ({SourceOf(isOwn)})" : "";
        var renamed = status.DefaultModel.Length > 0 && status.DefaultModel != status.ResolvedDefault;
        yield return Row("Config", Environment.ShortPath(status.ConfigPath));
        yield return Row("Agent dir", Environment.ShortPath(status.AgentDir));
        yield return Row(
            $"Default{From(status.OwnDefaultModel)}",
            renamed ? $"{status.ResolvedDefault} (from {status.DefaultModel})" : status.ResolvedDefault);
        yield return Row($"Fallbacks ({status.Fallbacks.Count}){From(status.OwnFallbacks)}", List(status.Fallbacks, "-"));
        yield return Row($"Image model{From(false)}", status.ImageModel.Length > 0 ? status.ImageModel : "-");
        yield return Row($"Image fallbacks ({status.ImageFallbacks.Count}){From(false)}", List(status.ImageFallbacks, "-"));
        var aliases = status.Aliases.Select(alias => $"{alias.Key} -> {alias.Value}");
        yield return Row($"Aliases ({status.Aliases.Count})", List(aliases, "-"));
        yield return Row($"Configured models ({status.AllowedModels.Count})", List(status.AllowedModels, "all"));
    }

    private IEnumerable<string> Overview(AuthStatus auth)
    {
        var applied = auth.ShellEnvAppliedKeys.Count > 0 ? $" (applied: {string.Join(", ", auth.ShellEnvAppliedKeys)})" : "";
        yield return "";
        yield return "Auth overview";
        yield return Row("Auth store", Environment.ShortPath(auth.StorePath));
        yield return Row("Shell env", (auth.ShellEnvFallback ? "on" : "off") + applied);
        yield return Row($"Providers w/ OAuth/tokens ({auth.ProvidersWithOauth.Count})", List(auth.ProvidersWithOauth, "-"));
        foreach (var provider in auth.Providers)
            yield return $"- {provider.Provider} {string.Join(" | ", Facts(provider))}";
    }

    private static IEnumerable<string> Facts(ProviderStatus provider)
    {
        yield return $"effective={provider.EffectiveKind}:{provider.EffectiveDetail}";
        if (provider.ProfileCount > 0)
        {
            yield return $"profiles={provider.ProfileCount} "
                + $"(oauth={provider.OauthCount}, token={provider.TokenCount}, api_key={provider.ApiKeyCount})";
            if (provider.Labels.Count > 0)
                yield return string.Join(", ", provider.Labels) + More(provider.ProfileCount - provider.Labels.Count);
        }

        if (provider.EnvValue.Length > 0)
            yield return $"env={provider.EnvValue} | source={provider.EnvSource}";
        if (provider.ModelsJsonValue.Length > 0)
            yield return $"models.json={provider.ModelsJsonValue} | source={provider.ModelsJsonSource}";
    }

    // A status lists as many profiles as fit.
    private static string More(int count) => count > 0 ? $" and {count} more" : "";

    private static IEnumerable<string> Missing(AuthStatus auth)
    {
        if (auth.MissingProvidersInUse.Count == 0)
            yield break;
        yield return "";
        yield return "Missing auth";
        foreach (var provider in auth.MissingProvidersInUse)
        {
            yield return provider == "anthropic"
                ? "- anthropic Run `claw onboard`, or `claude setup-token`, "
                    + "then `claw models auth paste-token --provider anthropic`."
                : $"- {provider} ClawGrpc serves the models of Anthropic only.";
        }
    }

    private IEnumerable<string> Expiries(AuthStatus auth)
    {
        yield return "";
        yield return "OAuth/token status";
        var providers = auth.Profiles.Where(profile => profile.Type is CredentialType.Oauth or CredentialType.Token)
            .GroupBy(profile => profile.Provider).OrderBy(provider => provider.Key, StringComparer.Ordinal).ToList();
        if (providers.Count == 0)
            yield return "- none";
        foreach (var provider in providers)
        {
            yield return $"- {provider.Key}";
            foreach (var profile in provider)
                yield return "  - " + Expiry(profile);
        }
    }

    private string Expiry(ProfileStatus profile)
    {
        var name = profile.Label.Length > 0 ? profile.Label : profile.ProfileId;
        var state = profile.Expiry == ExpiryState.Missing ? "unknown" : Words.Of(profile.Expiry);
        var expiry = profile switch
        {
            { Expiry: ExpiryState.Static } => "",
            { Expiry: not ExpiryState.Missing, ExpireTime: { } time } =>
                $" expires in {ShortDuration.Of(time.ToDateTimeOffset() - Now)}",
            _ => " expires unknown",
        };
        var source = profile.Source is "" or "store" ? "" : $" ({profile.Source})";
        return $"{name} {state}{expiry}{source}";
    }

    private IEnumerable<string> Unusable(AuthStatus auth)
    {
        if (auth.UnusableProfiles.Count == 0)
            yield break;
        yield return "";
        yield return "Unusable profiles";
        foreach (var unusable in auth.UnusableProfiles)
            yield return "- " + Unusable(unusable);
    }

    private string Unusable(UnusableProfile unusable)
    {
        var model = unusable.Model.Length > 0 ? $" for {unusable.Model}" : "";
        var reason = unusable.Reason.Length > 0 ? $":{unusable.Reason}" : "";
        var recovery = unusable.RecoverTime is { } time ? $" {ShortDuration.Of(time.ToDateTimeOffset() - Now)}" : "";
        var hint = unusable.RecoveryHint.Length > 0 ? $" - {unusable.RecoveryHint}" : "";
        return $"{unusable.ProfileId}{model} [{unusable.Kind}{reason}{recovery}]{hint}";
    }

    private static IEnumerable<string> UsageOf(AgentStatus status)
    {
        if (status.Usage is not { Completions: > 0 } total)
            yield break;
        yield return "";
        yield return $"Usage since the server started ({total.Completions}){CostOf(total)}";
        foreach (var profile in status.Auth?.Profiles.Where(profile => profile.Usage is { Completions: > 0 }) ?? [])
            yield return UsageOf(profile.ProfileId, profile.Usage);
        foreach (var model in status.ModelUsages)
            yield return UsageOf(model.Model, model.Usage);
    }

    private static string UsageOf(string name, UsageSummary usage) =>
        $"- {name} {usage.Completions}: {Words.Of(usage.Usage ?? new Usage())}{CostOf(usage)}";

    private static string CostOf(UsageSummary usage)
    {
        if (usage.Cost is not { } cost)
            return "";
        var saved = cost.CacheSavedNanoUsd == 0 ? "" : $", {Words.SavedByCache(cost)}";
        var unpriced = usage.UnpricedCompletions == 0 ? "" : $", {usage.UnpricedCompletions} without a price";
        return $"; {Words.Dollars(cost.TotalNanoUsd)}{saved}{unpriced}";
    }

    private IEnumerable<string> ConfigurationErrors(AgentStatus status)
    {
        if (status.ConfigurationErrors.Count == 0)
            yield break;
        yield return "";
        yield return "Configuration errors (the last good configuration is in force)";
        foreach (var error in status.ConfigurationErrors)
            yield return PlaceOf(error);
    }

    private IEnumerable<string> ConfigurationWarnings(AgentStatus status)
    {
        if (status.ConfigurationWarnings.Count == 0)
            yield break;
        yield return "";
        yield return "Configuration warnings";
        foreach (var warning in status.ConfigurationWarnings)
            yield return PlaceOf(warning);
    }

    private string PlaceOf(ConfigurationError error)
    {
        var place = error.Line > 0 ? $":{error.Line}:{error.Column}" : "";
        var key = error.KeyPath.Length > 0 ? $" {error.KeyPath}:" : "";
        return $"- {Environment.ShortPath(error.Path)}{place}{key} {error.Reason}";
    }

    private static string Row(string label, string value) => $"{label.PadRight(LabelWidth)}: {value}";

    private static string List(IEnumerable<string> values, string none)
    {
        var text = string.Join(", ", values);
        return text.Length > 0 ? text : none;
    }
}
