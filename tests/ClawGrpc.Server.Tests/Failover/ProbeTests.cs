using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>Probes try each profile for itself, say what happened, and leave it as the profile's health.</summary>
public class ProbeTests
{
    [Fact]
    public async Task Each_profile_is_tried_with_a_tiny_request_of_its_own()
    {
        await using var fixture = await WithTwoKeysAsync();
        Assert.Equal([$"{One} Ok", $"{Two} Ok"], await ProbeAsync(fixture));
        Assert.Equal([KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(request => request.Credential).Order());
        Assert.All(fixture.Sandbox.Requests, request => Assert.Equal(8, request.Json.GetProperty("max_tokens").GetInt32()));
    }

    [Theory]
    [InlineData(401, "Auth", One + " disabled auth, all models, for good")]
    [InlineData(429, "RateLimit", One + " cooldown rate_limit, anthropic/claude-opus-4-6, 60 s")]
    [InlineData(402, "Billing", One + " disabled billing, all models, 18000 s")]
    [InlineData(400, "Format", "")]
    public async Task Probe_result_is_reported_and_updates_health(int status, string told, string aside)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(status).ForKey(KeyOne).Forever());
        Assert.Equal([$"{One} {told}", $"{Two} Ok"], await ProbeAsync(fixture));
        Assert.Equal(aside, await fixture.UnusableAsync());
    }

    [Fact]
    public async Task A_probe_that_succeeds_brings_a_profile_back()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(401).ForKey(KeyOne));
        await fixture.StreamAsync();
        Assert.NotEqual("", await fixture.UnusableAsync());
        Assert.Equal([$"{One} Ok", $"{Two} Ok"], await ProbeAsync(fixture));
        Assert.Equal("", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task Unusable_profile_is_reported_without_a_request()
    {
        await using var fixture = await WithTwoKeysAsync();
        await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One } });
        var text = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        var old = $$""" "anthropic:old": { "type": "token", "provider": "anthropic", "token": "{{Token}}", "expires": 1 },"""
            + $$""" "openai:x": { "type": "api_key", "provider": "openai", "key": "k" }, """;
        await fixture.StopServerAsync();
        await fixture.Files.WriteProfilesAsync(
            text.Replace("\"profiles\": {", $"\"profiles\": {{ {old}", StringComparison.Ordinal));
        await fixture.StartServerAsync();

        var told = await ProbeAsync(fixture, withErrors: true);

        Assert.Equal(
            [
                "anthropic:old Unknown: Excluded by auth.order for this provider.", $"{One} Ok: ",
                $"{Two} Unknown: Excluded by auth.order for this provider.", "openai:x NoModel: No model available for probe",
            ],
            told);
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
    }

    [Fact]
    public async Task Only_requested_profiles_are_probed()
    {
        await using var fixture = await WithTwoKeysAsync();
        Assert.Equal([$"{Two} Ok"], await ProbeAsync(fixture, new ProbeProfilesRequest { ProfileIds = { $" {Two} " } }));
        Assert.Empty(await ProbeAsync(fixture, new ProbeProfilesRequest { Provider = "openai" }));
    }

    [Fact]
    public async Task Options_out_of_range_are_refused_all_at_once()
    {
        await using var fixture = await WithTwoKeysAsync();
        var wrong = new ProbeProfilesRequest { Timeout = new() { Seconds = -1 }, Concurrency = 17, MaxTokens = -1 };
        var refused = await CallFailure.OfAsync(() => ProbeAsync(fixture, wrong));
        Assert.Equal(StatusCode.InvalidArgument, refused.Code);
        Assert.Equal(["timeout", "concurrency", "max_tokens"], refused.Fields);
    }

    private static async Task<List<string>> ProbeAsync(
        ServerFixture fixture, ProbeProfilesRequest? request = null, bool withErrors = false)
    {
        using var call = fixture.Auth.ProbeProfiles(request ?? new ProbeProfilesRequest());
        var results = new List<string>();
        await foreach (var result in call.ResponseStream.ReadAllAsync())
            results.Add($"{result.ProfileId} {result.Status}{(withErrors ? $": {result.Error}" : "")}");
        return [.. results.Order(StringComparer.Ordinal)];
    }
}
