using System.Runtime.CompilerServices;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.StateFiles;
using Google.Protobuf.WellKnownTypes;
using AgentStatus = ClawGrpc.Gateway.Status.AgentStatus;
using AuthStatus = ClawGrpc.Gateway.Status.AuthStatus;
using ConfigurationError = ClawGrpc.Core.Configuration.ConfigurationError;
using CredentialType = ClawGrpc.Gateway.Status.CredentialType;
using ExpiryState = ClawGrpc.Core.StateFiles.ExpiryState;
using ProfileStatus = ClawGrpc.Gateway.Status.ProfileStatus;
using ProviderStatus = ClawGrpc.Gateway.Status.ProviderStatus;
using UnusableProfile = ClawGrpc.Gateway.Status.UnusableProfile;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>A status as a message.</summary>
internal static class StatusMapping
{
    // As long as a snapshot lives, so does its message.
    private static readonly ConditionalWeakTable<AgentStatus, V1.WatchStatusResponse> Messages = new();

    // For callers to whom the addresses of accounts are not shown.
    private static readonly ConditionalWeakTable<AgentStatus, V1.WatchStatusResponse> WithoutMail = new();

    /// <summary>
    /// The one message of a snapshot, which all streams share: they only read it, and writing a protobuf message leaves it
    /// unchanged.
    /// </summary>
    public static V1.WatchStatusResponse ToMessage(AgentStatus status, Caller caller) =>
        caller.SeesMail || status.Mails.IsEmpty
            ? Messages.GetValue(
                status,
                static snapshot => new V1.WatchStatusResponse { Status = MessageOf(snapshot), Revision = snapshot.Revision })
            : WithoutMail.GetValue(status, static snapshot => Stripped(snapshot));

    private static V1.WatchStatusResponse Stripped(AgentStatus status)
    {
        var message = MessageOf(status);
        foreach (var provider in message.Auth.Providers)
        {
            for (var index = 0; index < provider.Labels.Count; index++)
                provider.Labels[index] = Without(provider.Labels[index]);
        }

        foreach (var profile in message.Auth.Profiles)
            profile.Label = Without(profile.Label);
        return new V1.WatchStatusResponse { Status = message, Revision = status.Revision };

        string Without(string label) => status.Mails.Aggregate(
            label, (text, mail) => text.Replace($" ({mail})", "", StringComparison.Ordinal));
    }

    private static V1.AgentStatus MessageOf(AgentStatus status)
    {
        var models = status.Models;
        var message = new V1.AgentStatus
        {
            AgentId = status.AgentId,
            Revision = status.Revision,
            ChangeTime = Timestamp.FromDateTimeOffset(status.Changed),
            ConfigPath = status.ConfigPath,
            AgentDir = status.AgentDir,
            DefaultModel = models.DefaultText,
            ResolvedDefault = models.Default.Key,
            ImageModel = models.ImageText ?? "",
            Auth = MessageOf(status.Auth),
            Usage = UsageMapping.ToSummary(status.Usage),
            OwnDefaultModel = models.OwnDefault,
            OwnFallbacks = models.OwnFallbacks,
        };
        message.Fallbacks.AddRange(models.FallbackTexts);
        message.ImageFallbacks.AddRange(models.ImageFallbackTexts);
        message.AllowedModels.AddRange(models.Shown);
        foreach (var (alias, key) in models.Aliases.Entries)
            message.Aliases[alias] = key;
        message.ConfigurationErrors.AddRange(status.ConfigurationErrors.Select(MessageOf));
        message.ConfigurationWarnings.AddRange(status.ConfigurationWarnings.Select(MessageOf));
        message.ModelUsages.AddRange(status.ModelUsages.Select(used =>
            new V1.ModelUsage { Model = used.Model, Usage = UsageMapping.ToSummary(used.Usage) }));
        return message;
    }

    private static V1.ConfigurationError MessageOf(ConfigurationError error) => new()
    {
        Path = error.File,
        Line = error.Line,
        Column = error.Column,
        KeyPath = error.KeyPath,
        Reason = error.Reason,
    };

    private static V1.AuthStatus MessageOf(AuthStatus auth)
    {
        var message = new V1.AuthStatus
        {
            StorePath = auth.StorePath,
            ShellEnvFallback = auth.ShellEnvFallback,
            WarnAfter = Duration.FromTimeSpan(Expiry.WarnAfter),
        };
        message.ProvidersWithOauth.AddRange(auth.ProvidersWithLogins);
        message.MissingProvidersInUse.AddRange(auth.MissingProvidersInUse);
        message.Providers.AddRange(auth.Providers.Select(MessageOf));
        message.UnusableProfiles.AddRange(auth.UnusableProfiles.Select(MessageOf));
        message.Profiles.AddRange(auth.Profiles.Select(MessageOf));
        message.ProviderExpiries.AddRange(auth.ProviderExpiries.Select(expiry => new V1.ProviderExpiry
        {
            Provider = expiry.Provider,
            Expiry = ByName.To<ExpiryState, V1.ExpiryState>(expiry.Expiry),
            ExpireTime = Timestamps.OfEnd(expiry.Expires),
        }));
        return message;
    }

    private static V1.ProviderStatus MessageOf(ProviderStatus provider)
    {
        var message = new V1.ProviderStatus
        {
            Provider = provider.Provider,
            EffectiveKind = provider.Effective.Kind,
            EffectiveDetail = provider.Effective.Detail,
            ProfileCount = provider.Types.Length,
            OauthCount = provider.Types.Count(type => type == CredentialType.Oauth),
            TokenCount = provider.Types.Count(type => type == CredentialType.Token),
            ApiKeyCount = provider.Types.Count(type => type == CredentialType.ApiKey),
            EnvValue = provider.Environment?.Value ?? "",
            EnvSource = provider.Environment?.Source ?? "",
            ModelsJsonValue = provider.Configuration?.Value ?? "",
            ModelsJsonSource = provider.Configuration?.Source ?? "",
        };
        message.Labels.AddRange(provider.Labels);
        return message;
    }

    private static V1.UnusableProfile MessageOf(UnusableProfile unusable) => new()
    {
        ProfileId = unusable.ProfileId,
        Provider = unusable.Provider ?? "",
        Kind = unusable.Aside.Disabled ? "disabled" : "cooldown",
        Reason = unusable.Aside.Reason ?? "",
        RecoverTime = Timestamps.OfEnd(unusable.Aside.Until),
        Model = unusable.Aside.Model ?? "",
        RecoveryHint = unusable.RecoveryHint,
    };

    private static V1.ProfileStatus MessageOf(ProfileStatus profile)
    {
        var message = new V1.ProfileStatus
        {
            ProfileId = profile.ProfileId,
            Provider = profile.Provider,
            Type = ByName.To<CredentialType, V1.CredentialType>(profile.Type),
            Expiry = ByName.To<ExpiryState, V1.ExpiryState>(profile.Expiry),
            ExpireTime = Timestamps.OfEnd(profile.Expires),
            Source = profile.Source,
            Label = profile.Label,
            LastUsedTime = Timestamps.OrUnset(profile.Health.LastUsed),
            LastFailureTime = Timestamps.OrUnset(profile.Health.LastFailureAt),
            ErrorCount = profile.Health.ErrorCount,
            Origin = profile.Origin ?? "",
            Mask = profile.Mask,
            OrderPosition = profile.OrderPosition,
            Usage = profile.Usage is { } used ? UsageMapping.ToSummary(used) : null,
        };
        message.RateLimits.AddRange(profile.RateLimits.Select(UsageMapping.ToMessage));
        return message;
    }
}
