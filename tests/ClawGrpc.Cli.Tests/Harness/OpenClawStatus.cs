using System.Text.Json;
using System.Text.Json.Nodes;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Parses a status that OpenClaw printed into the message that ClawGrpc would send for it.</summary>
internal static class OpenClawStatus
{
    public static AgentStatus Parse(string json, long revision)
    {
        var root = JsonNode.Parse(json)!;
        var status = new AgentStatus
        {
            AgentId = "main",
            Revision = revision,
            ConfigPath = Text(root["configPath"]),
            AgentDir = Text(root["agentDir"]),
            DefaultModel = Text(root["defaultModel"]),
            ResolvedDefault = Text(root["resolvedDefault"]),
            ImageModel = Text(root["imageModel"]),
            Auth = Auth(root["auth"]!),
        };
        status.Fallbacks.Add(Texts(root["fallbacks"]));
        status.ImageFallbacks.Add(Texts(root["imageFallbacks"]));
        status.AllowedModels.Add(Texts(root["allowed"]));
        foreach (var (alias, model) in root["aliases"]!.AsObject())
            status.Aliases.Add(alias, Text(model));
        return status;
    }

    private static AuthStatus Auth(JsonNode auth)
    {
        var status = new AuthStatus
        {
            StorePath = Text(auth["storePath"]),
            ShellEnvFallback = auth["shellEnvFallback"]!["enabled"]!.GetValue<bool>(),
            WarnAfter = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(auth["oauth"]!["warnAfterMs"]!.GetValue<long>())),
        };
        status.ShellEnvAppliedKeys.Add(Texts(auth["shellEnvFallback"]!["appliedKeys"]));
        status.ProvidersWithOauth.Add(Texts(auth["providersWithOAuth"]));
        status.MissingProvidersInUse.Add(Texts(auth["missingProvidersInUse"]));
        status.Providers.Add(auth["providers"]!.AsArray().Select(node => Provider(node!)));
        status.UnusableProfiles.Add(auth["unusableProfiles"]!.AsArray().Select(node => Unusable(node!)));
        status.Profiles.Add(auth["oauth"]!["profiles"]!.AsArray().Select(node => Profile(node!)));
        status.ProviderExpiries.Add(auth["oauth"]!["providers"]!.AsArray().Select(node => new ProviderExpiry
        {
            Provider = Text(node!["provider"]),
            Expiry = Expiry(node),
            ExpireTime = Time(node["expiresAt"]),
        }));
        return status;
    }

    private static ProviderStatus Provider(JsonNode node)
    {
        var provider = new ProviderStatus
        {
            Provider = Text(node["provider"]),
            EffectiveKind = Text(node["effective"]!["kind"]),
            EffectiveDetail = Text(node["effective"]!["detail"]),
            ProfileCount = node["profiles"]!["count"]!.GetValue<int>(),
            OauthCount = node["profiles"]!["oauth"]!.GetValue<int>(),
            TokenCount = node["profiles"]!["token"]!.GetValue<int>(),
            ApiKeyCount = node["profiles"]!["apiKey"]!.GetValue<int>(),
            EnvValue = Text(node["env"]?["value"]),
            EnvSource = Text(node["env"]?["source"]),
            ModelsJsonValue = Text(node["modelsJson"]?["value"]),
            ModelsJsonSource = Text(node["modelsJson"]?["source"]),
        };
        provider.Labels.Add(Texts(node["profiles"]!["labels"]));
        return provider;
    }

    private static UnusableProfile Unusable(JsonNode node) => new()
    {
        ProfileId = Text(node["profileId"]),
        Provider = Text(node["provider"]),
        Kind = Text(node["kind"]),
        Reason = Text(node["reason"]),
        RecoverTime = Time(node["until"]),
    };

    private static ProfileStatus Profile(JsonNode node) => new()
    {
        ProfileId = Text(node["profileId"]),
        Provider = Text(node["provider"]),
        Type = Text(node["type"]) switch
        {
            "api_key" => CredentialType.ApiKey,
            "token" => CredentialType.Token,
            _ => CredentialType.Oauth,
        },
        Expiry = Expiry(node),
        ExpireTime = Time(node["expiresAt"]),
        Source = Text(node["source"]),
        Label = Text(node["label"]),
    };

    private static ExpiryState Expiry(JsonNode node) => System.Enum.Parse<ExpiryState>(Text(node["status"]), ignoreCase: true);

    private static Timestamp? Time(JsonNode? node) =>
        node is null ? null : Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(node.GetValue<long>()));

    private static string Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : "";

    private static IEnumerable<string> Texts(JsonNode? node) => node!.AsArray().Select(Text);
}
