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
    public async Task Missing_credential_gives_the_text_that_users_search_for()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "MISSING_CREDENTIALS"), (failed.Code, failed.Reason));
        Assert.StartsWith(
            $"No API key found for provider \"anthropic\". Auth store: {fixture.Files.ProfilesPath()} (agentDir: "
                + $"{fixture.Files["agents/main/agent"]}).",
            failed.Message, StringComparison.Ordinal);
        Assert.Equal(("main", "anthropic"), (failed.Facts["agent_id"], failed.Facts["provider"]));
        Assert.Equal(["anthropic"], (await fixture.StatusAsync()).Auth.MissingProvidersInUse);
    }

    [Theory]
    [InlineData("", Configured, ConfiguredKey, "models.json")]
    [InlineData(Env, Configured, EnvKey, "env")]
    public async Task Fallback_key_serves_if_there_is_no_profile(string more, string provider, string key, string kind)
    {
        await using var fixture = await ServerFixture.StartAsync(more, provider);
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(key, fixture.Sandbox.Requests.Single().Credential);
        Assert.Equal(
            kind, (await fixture.StatusAsync()).Auth.Providers.Single(entry => entry.Provider == "anthropic").EffectiveKind);
    }

    [Fact]
    public async Task Profile_wins_over_fallback_keys_even_during_a_cooldown()
    {
        await using var fixture = await ServerFixture.StartAsync(Env, Configured);
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429));
        Assert.Equal("RATE_LIMITED", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
    }

    [Fact]
    public async Task An_empty_order_means_no_profiles_and_the_environment_serves()
    {
        await using var fixture = await ServerFixture.StartAsync($"auth: {{ order: {{ anthropic: [] }} }}, {Env}");
        await fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {"""
            + $$""" "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } } }""");
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Limited_fallback_key_gives_retry_time_and_is_tried_again()
    {
        await using var fixture = await ServerFixture.StartAsync(Env);
        fixture.Sandbox.Script(Faults.Status(429, retryAfter: "7").Times(2));
        Assert.Equal(TimeSpan.FromSeconds(7), (await fixture.StreamAsync()).Failed.RetryDelay);
        Assert.Equal("RATE_LIMITED", (await fixture.StreamAsync()).Failed.Reason);
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Subscriptions_that_are_switched_off_do_not_serve()
    {
        await using var fixture = await ServerFixture.StartAsync("clawgrpc: { subscriptions: { enabled: false } }");
        await fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {"""
            + $$""" "type": "token", "provider": "anthropic", "token": "{{Token}}" } } }""");
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal("MISSING_CREDENTIALS", failed.Reason);
        Assert.Contains($"{One} (subscriptions are switched off)", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("profiles: { 'anthropic:gone': { provider: 'anthropic', mode: 'api_key' } }")]
    [InlineData("order: { anthropic: ['anthropic:gone'] }")]
    public async Task Stored_profile_that_is_left_out_is_named(string auth)
    {
        await using var fixture = await ServerFixture.StartAsync($"auth: {{ {auth} }}");
        await fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {"""
            + $$""" "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } } }""");
        Assert.EndsWith(
            " Not usable: anthropic:gone (not stored). Stored, and not in the order or in auth.profiles: anthropic:one.",
            (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_login_is_reported_in_OpenClaws_words()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync($$"""
            { "version": 1, "profiles": { "{{One}}": { "type": "oauth", "provider": "anthropic", "access": "{{Token}}",
              "refresh": "sk-ant-ort01-FAKE-1", "expires": 1000 } } }
            """);
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "OAUTH_REFRESH_FAILED", One),
            (failed.Code, failed.Reason, failed.Facts["profile_id"]));
        Assert.StartsWith("OAuth token refresh failed for anthropic", failed.Message, StringComparison.Ordinal);
    }
}
