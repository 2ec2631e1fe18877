using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Profiles, then the environment, then the configuration; and what is said when there is nothing.</summary>
public class CredentialSourceTests
{
    private const string EnvKey = "sk-ant-api03-FAKE-environment-key-000001";
    private const string ConfiguredKey = "sk-ant-api03-FAKE-configured-key-0000001";
    private const string Env = $$"""env: { ANTHROPIC_API_KEY: "{{EnvKey}}" }""";
    private const string Configured = $"apiKey: \"{ConfiguredKey}\"";

    [Fact]
    public async Task Without_any_credential_the_text_is_the_one_that_users_search_for()
    {
        await using var rig = await Rig.StartAsync();
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "MISSING_CREDENTIALS"), (failed.Code, failed.Reason));
        Assert.StartsWith(
            $"No API key found for provider \"anthropic\". Auth store: {rig.Files.ProfilesPath()} (agentDir: {rig.Files["agents/main/agent"]}).",
            failed.Message, StringComparison.Ordinal);
        Assert.Equal(("main", "anthropic"), (failed.Facts["agent_id"], failed.Facts["provider"]));
        Assert.Equal(["anthropic"], (await rig.StatusAsync()).Auth.MissingProvidersInUse);
    }

    [Theory]
    [InlineData("", Configured, ConfiguredKey, "models.json")]
    [InlineData(Env, Configured, EnvKey, "env")]
    public async Task A_key_that_is_no_profile_serves_when_there_is_none(string more, string provider, string key, string kind)
    {
        await using var rig = await Rig.StartAsync(more, provider);
        Assert.Equal("(no profile) served", (await rig.StreamAsync()).Attempts);
        Assert.Equal(key, rig.Sandbox.Requests.Single().Credential);
        Assert.Equal(kind, (await rig.StatusAsync()).Auth.Providers.Single(entry => entry.Provider == "anthropic").EffectiveKind);
    }

    [Fact]
    public async Task A_profile_beats_both_also_while_it_is_set_aside()
    {
        await using var rig = await Rig.StartAsync(Env, Configured);
        await rig.OnboardAsync();
        rig.Sandbox.Script(Faults.Status(429));
        Assert.Equal("RATE_LIMITED", (await rig.StreamAsync()).Failed.Reason);
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", (await rig.StreamAsync()).Failed.Reason);
        Assert.Equal(KeyOne, rig.Sandbox.Requests.Single().Credential);
    }

    [Fact]
    public async Task An_empty_order_means_no_profiles_and_the_environment_serves()
    {
        await using var rig = await Rig.StartAsync($"auth: {{ order: {{ anthropic: [] }} }}, {Env}");
        await rig.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } } }""");
        Assert.Equal("(no profile) served", (await rig.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task A_limited_key_that_is_no_profile_says_when_to_come_back_and_is_tried_each_time()
    {
        await using var rig = await Rig.StartAsync(Env);
        rig.Sandbox.Script(Faults.Status(429, retryAfter: "7").Times(2));
        Assert.Equal(TimeSpan.FromSeconds(7), (await rig.StreamAsync()).Failed.RetryDelay);
        Assert.Equal("RATE_LIMITED", (await rig.StreamAsync()).Failed.Reason);
        Assert.Equal("(no profile) served", (await rig.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Subscriptions_that_are_switched_off_do_not_serve()
    {
        await using var rig = await Rig.StartAsync("clawgrpc: { subscriptions: { enabled: false } }");
        await rig.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": { "type": "token", "provider": "anthropic", "token": "{{Token}}" } } }""");
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal("MISSING_CREDENTIALS", failed.Reason);
        Assert.Contains($"{One} (subscriptions are switched off)", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_that_has_expired_is_told_in_OpenClaws_words()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Files.WriteProfilesAsync($$"""
            { "version": 1, "profiles": { "{{One}}": { "type": "oauth", "provider": "anthropic", "access": "{{Token}}", "refresh": "sk-ant-ort01-FAKE-1", "expires": 1000 } } }
            """);
        var failed = (await rig.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "OAUTH_REFRESH_FAILED", One), (failed.Code, failed.Reason, failed.Facts["profile_id"]));
        Assert.StartsWith("OAuth token refresh failed for anthropic", failed.Message, StringComparison.Ordinal);
    }
}
