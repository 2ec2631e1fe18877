using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

public class ModelFallbackTests
{
    private const string Opus = "claude-opus-4-6";
    private const string Sonnet = "claude-sonnet-4-6";
    private const string Fallbacks = $$"""agents: { defaults: { model: {"""
        + $$""" primary: "anthropic/{{Opus}}", fallbacks: ["openai/gpt-5.2", "anthropic/{{Sonnet}}"] } } }""";

    [Fact]
    public async Task Fallback_serves_when_all_profiles_of_a_model_cool_down()
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks);
        fixture.Sandbox.Script(Faults.Status(429).ForModel(Opus).Forever());
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} failed RateLimited 429, {Two} failed RateLimited 429, {One} served", answer.Attempts);
        Assert.Equal(
            [Opus, Opus, Sonnet], fixture.Sandbox.Requests.Select(request => request.Json.GetProperty("model").GetString()));
        Assert.Equal($"anthropic/{Sonnet}", answer.Served.Model);
        Assert.Equal([$"anthropic/{Opus}", $"anthropic/{Opus}", $"anthropic/{Sonnet}"], answer.Served.Attempts.Select(
            attempt => attempt.Model));
    }

    [Fact]
    public async Task Next_call_uses_the_fallback_at_once_during_a_cooldown()
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks);
        fixture.Sandbox.Script(Faults.Status(429).ForModel(Opus).Forever());
        await fixture.StreamAsync();
        fixture.Sandbox.ClearRequests();
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} skipped, {Two} skipped, {One} served", answer.Attempts);
        Assert.Equal("in cooldown: rate_limit", answer.Served.Attempts[0].Message);
        Assert.Single(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task A_refused_request_goes_to_no_other_model()
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks);
        fixture.Sandbox.Script(Faults.Status(400));
        Assert.Equal($"{One} failed RequestRejected 400", (await fixture.StreamAsync()).Attempts);
    }

    [Theory]
    [InlineData("model: claude-opus-4-6")]
    [InlineData("The model `claude-opus-4-6` does not exist or you do not have access to it.")]
    public async Task Fallback_serves_if_upstream_does_not_know_the_model(string message)
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks);
        fixture.Sandbox.Script(Faults.Status(404, message).ForModel(Opus).Forever());
        var answer = await fixture.StreamAsync();
        Assert.Equal($"{One} failed ModelNotFound 404, {Two} failed ModelNotFound 404, {One} served", answer.Attempts);
        Assert.Equal("", await fixture.UnusableAsync());
    }

    [Theory]
    [InlineData(402, "Billing", "disabled billing, all models, 18000 s")]
    [InlineData(401, "CredentialRejected", "disabled auth, all models, for good")]
    public async Task Profile_disabled_during_a_call_is_skipped_for_next_models(int status, string failure, string aside)
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks);
        fixture.Sandbox.Script(Faults.Status(status).ForKey(KeyOne).Forever(), Faults.Status(500).ForModel(Opus).Forever());
        var answer = await fixture.StreamAsync();
        Assert.Equal(
            $"{One} failed {failure} {status}, {Two} failed ServerError 500, {One} skipped, {Two} served", answer.Attempts);
        Assert.Equal(3, fixture.Sandbox.Requests.Count);
        Assert.Equal($"{One} {aside}", await fixture.UnusableAsync());
    }

    [Fact]
    public async Task A_model_that_is_not_in_the_allow_list_is_no_fallback()
    {
        await using var fixture = await WithTwoKeysAsync(
            $$"""agents: { defaults: { models: { "anthropic/{{Opus}}": {} }, model: {"""
                + $$""" primary: "anthropic/{{Opus}}", fallbacks: ["anthropic/{{Sonnet}}"] } } }""");
        fixture.Sandbox.Script(Faults.Status(500).Forever());
        Assert.Equal($"{One} failed ServerError 500, {Two} failed ServerError 500", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task The_configuration_bounds_the_attempts()
    {
        await using var fixture = await WithTwoKeysAsync(Fallbacks + ", clawgrpc: { limits: { attempts: 3 } }");
        fixture.Sandbox.Script(Faults.Status(500).Forever());
        var answer = await fixture.StreamAsync();
        Assert.Equal(("SERVER_ERROR", "3"), (answer.Failed.Reason, answer.Failed.Facts["attempts"]));
        Assert.Equal(3, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task An_alias_and_a_short_id_are_the_model_they_stand_for()
    {
        await using var fixture = await WithTwoKeysAsync(
            $$"""agents: { defaults: { models: { "anthropic/{{Opus}}": {}, "anthropic/{{Sonnet}}": { alias: "quick" } } } }""");
        foreach (var name in new[] { "quick", "QUICK", Sonnet, $"anthropic/{Sonnet}" })
        {
            Assert.Equal($"anthropic/{Sonnet}",
                (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = name))).Served.Model);
        }
    }
}
