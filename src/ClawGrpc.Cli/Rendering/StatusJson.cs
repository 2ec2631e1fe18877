using System.Text.Json;
using ClawGrpc.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A status as the object that OpenClaw's <c>models status --json</c> prints (openclaw-spec.md, section 7.3): the same
/// members in the same order with the same values. ClawGrpc's own members stand at the end of each object.</summary>
/// <param name="Now">The time that remaining times count from.</param>
internal sealed record StatusJson(DateTimeOffset Now)
{
    /// <summary>Writes the object.</summary>
    /// <param name="json">The output.</param>
    /// <param name="status">The status.</param>
    /// <param name="withAgentId">Whether to name the agent, as OpenClaw does when <c>--agent</c> is given.</param>
    /// <param name="probes">The results of a probe; null if there was none.</param>
    public void Write(Utf8JsonWriter json, AgentStatus status, bool withAgentId, ProbeRun? probes = null)
    {
        json.WriteStartObject();
        json.WriteString("configPath", status.ConfigPath);
        if (withAgentId)
            json.WriteString("agentId", status.AgentId);
        json.WriteString("agentDir", status.AgentDir);
        json.WriteString("defaultModel", status.DefaultModel);
        json.WriteString("resolvedDefault", status.ResolvedDefault);
        json.WriteStrings("fallbacks", status.Fallbacks);
        if (status.ImageModel.Length > 0)
            json.WriteString("imageModel", status.ImageModel);
        else
            json.WriteNull("imageModel");
        json.WriteStrings("imageFallbacks", status.ImageFallbacks);
        if (withAgentId)
        {
            json.WriteStartObject("modelConfig");
            json.WriteString("defaultSource", StatusText.SourceOf(status.OwnDefaultModel));
            json.WriteString("fallbacksSource", StatusText.SourceOf(status.OwnFallbacks));
            json.WriteEndObject();
        }

        json.WriteStartObject("aliases");
        foreach (var (alias, model) in status.Aliases)
            json.WriteString(alias, model);
        json.WriteEndObject();
        json.WriteStrings("allowed", status.AllowedModels);
        WriteAuth(json, status.Auth ?? new AuthStatus(), probes);
        json.WriteNumber("revision", status.Revision);
        WriteTime(json, "changedAt", status.ChangeTime);
        WriteConfigurationErrors(json, "configurationErrors", status.ConfigurationErrors);
        WriteConfigurationErrors(json, "configurationWarnings", status.ConfigurationWarnings);
        UsageJson.WriteSummary(json, "usage", status.Usage);
        UsageJson.WriteModels(json, status.ModelUsages);
        json.WriteEndObject();
    }

    private void WriteAuth(Utf8JsonWriter json, AuthStatus auth, ProbeRun? probes)
    {
        json.WriteStartObject("auth");
        json.WriteString("storePath", auth.StorePath);
        json.WriteStartObject("shellEnvFallback");
        json.WriteBoolean("enabled", auth.ShellEnvFallback);
        json.WriteStrings("appliedKeys", auth.ShellEnvAppliedKeys);
        json.WriteEndObject();
        json.WriteStrings("providersWithOAuth", auth.ProvidersWithOauth);
        json.WriteStrings("missingProvidersInUse", auth.MissingProvidersInUse);
        json.WriteStartArray("providers");
        foreach (var provider in auth.Providers)
            WriteProvider(json, provider);
        json.WriteEndArray();
        json.WriteStartArray("unusableProfiles");
        foreach (var unusable in auth.UnusableProfiles)
            WriteUnusable(json, unusable);
        json.WriteEndArray();
        WriteOAuth(json, auth);
        if (probes is not null)
            ProbeOutput.Write(json, probes);
        json.WriteEndObject();
    }

    private static void WriteProvider(Utf8JsonWriter json, ProviderStatus provider)
    {
        json.WriteStartObject();
        json.WriteString("provider", provider.Provider);
        json.WriteStartObject("effective");
        json.WriteString("kind", provider.EffectiveKind);
        json.WriteString("detail", provider.EffectiveDetail);
        json.WriteEndObject();
        json.WriteStartObject("profiles");
        json.WriteNumber("count", provider.ProfileCount);
        json.WriteNumber("oauth", provider.OauthCount);
        json.WriteNumber("token", provider.TokenCount);
        json.WriteNumber("apiKey", provider.ApiKeyCount);
        json.WriteStrings("labels", provider.Labels);
        json.WriteEndObject();
        WriteSource(json, "env", provider.EnvValue, provider.EnvSource);
        WriteSource(json, "modelsJson", provider.ModelsJsonValue, provider.ModelsJsonSource);
        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, string name, string value, string source)
    {
        if (value.Length == 0)
            return;
        json.WriteStartObject(name);
        json.WriteString("value", value);
        json.WriteString("source", source);
        json.WriteEndObject();
    }

    private void WriteUnusable(Utf8JsonWriter json, UnusableProfile unusable)
    {
        json.WriteStartObject();
        json.WriteString("profileId", unusable.ProfileId);
        json.WriteOptional("provider", unusable.Provider);
        json.WriteString("kind", unusable.Kind);
        json.WriteOptional("reason", unusable.Reason);
        if (unusable.RecoverTime is { } until)
        {
            json.WriteNumber("until", Words.Milliseconds(until));
            // Not negative if the clock here runs ahead of the server's.
            json.WriteNumber("remainingMs", Math.Max(0, RemainingMs(until)));
        }

        json.WriteOptional("model", unusable.Model);
        json.WriteOptional("recoveryHint", unusable.RecoveryHint);
        json.WriteEndObject();
    }

    private void WriteOAuth(Utf8JsonWriter json, AuthStatus auth)
    {
        json.WriteStartObject("oauth");
        json.WriteNumber("warnAfterMs", auth.WarnAfter is { } warnAfter ? Words.Milliseconds(warnAfter) : 0);
        json.WriteStartArray("profiles");
        foreach (var profile in auth.Profiles)
            WriteProfile(json, profile);
        json.WriteEndArray();
        json.WriteStartArray("providers");
        foreach (var provider in auth.ProviderExpiries)
        {
            json.WriteStartObject();
            json.WriteString("provider", provider.Provider);
            json.WriteString("status", Words.Of(provider.Expiry));
            json.WriteStartArray("profiles");
            foreach (var profile in auth.Profiles.Where(profile => profile.Provider == provider.Provider))
                WriteProfile(json, profile);
            json.WriteEndArray();
            WriteExpiry(json, provider.ExpireTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteProfile(Utf8JsonWriter json, ProfileStatus profile)
    {
        json.WriteStartObject();
        json.WriteString("profileId", profile.ProfileId);
        json.WriteString("provider", profile.Provider);
        json.WriteString("type", Words.Of(profile.Type));
        json.WriteString("status", Words.Of(profile.Expiry));
        WriteExpiry(json, profile.ExpireTime, hasRemaining: profile.Expiry != ExpiryState.Missing);
        json.WriteString("source", profile.Source);
        json.WriteString("label", profile.Label);
        json.WriteOptional("origin", profile.Origin);
        WriteTime(json, "lastUsedAt", profile.LastUsedTime);
        WriteTime(json, "lastFailureAt", profile.LastFailureTime);
        if (profile.ErrorCount > 0)
            json.WriteNumber("errorCount", profile.ErrorCount);
        UsageJson.WriteRateLimits(json, profile.RateLimits);
        UsageJson.WriteSummary(json, "usage", profile.Usage);
        json.WriteEndObject();
    }

    private void WriteExpiry(Utf8JsonWriter json, Timestamp? expireTime, bool hasRemaining = true)
    {
        if (expireTime is null)
            return;
        json.WriteNumber("expiresAt", Words.Milliseconds(expireTime));
        if (hasRemaining)
            json.WriteNumber("remainingMs", RemainingMs(expireTime));
    }

    private static void WriteConfigurationErrors(Utf8JsonWriter json, string name, RepeatedField<ConfigurationError> errors)
    {
        if (errors.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("path", error.Path);
            if (error.Line > 0)
                json.WriteNumber("line", error.Line);
            if (error.Column > 0)
                json.WriteNumber("column", error.Column);
            json.WriteOptional("keyPath", error.KeyPath);
            json.WriteString("reason", error.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, Timestamp? time)
    {
        if (time is not null)
            json.WriteNumber(name, Words.Milliseconds(time));
    }

    private long RemainingMs(Timestamp time) => Words.Milliseconds(time) - Now.ToUnixTimeMilliseconds();
}
