using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary>A call with fallbacks that no model serves says what became of each, in OpenClaw's form.</summary>
public class AllModelsFailedTests
{
    private const string Opus = "claude-opus-4-6";
    private const string Sonnet = "claude-sonnet-4-6";
    private const string Haiku = "claude-haiku-4-5";
    private const string None = "No available auth profile for anthropic (all in cooldown or unavailable).";

    [Fact]
    public async Task Each_model_is_named_with_its_own_failure()
    {
        await using var fixture = await ServerFixture.StartAsync(With(Sonnet, Haiku));
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(
            Fault(Opus, 429, "Slow down."), Fault(Sonnet, 500, "Oops."), Fault(Haiku, 402, "Pay first."));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(
            $"All models failed (3): anthropic/{Opus}: HTTP 429 rate_limit_error: Slow down."
            + $" (request_id: req_of_{Opus}) (rate_limit)"
            + $" | anthropic/{Sonnet}: HTTP 500 api_error: Oops. (request_id: req_of_{Sonnet}) (server_error)"
            + $" | anthropic/{Haiku}: HTTP 402 billing_error: Pay first. (request_id: req_of_{Haiku}) (billing)", failed.Message);
        Assert.Equal((StatusCode.Unavailable, "SERVER_ERROR", "3"), (failed.Code, failed.Reason, failed.Facts["attempts"]));
    }

    [Fact]
    public async Task Last_profile_of_a_model_speaks_for_it()
    {
        await using var fixture = await WithTwoKeysAsync(With(Sonnet));
        fixture.Sandbox.Script(
            Faults.Status(429, "Slow down.").ForKey(KeyOne).Forever(),
            Faults.Status(401, "Who is that?").ForKey(KeyTwo).Forever());
        var message = (await fixture.StreamAsync()).Failed.Message;
        Assert.Matches(
            $@"^All models failed \(2\): anthropic/{Opus}: HTTP 401 authentication_error: Who is that\?"
            + $@" \(request_id: \w+\) \(auth\)"
            + $@" \| anthropic/{Sonnet}: HTTP 429 rate_limit_error: Slow down\. \(request_id: \w+\) \(rate_limit\)", message);
    }

    [Fact]
    public async Task Profile_set_aside_during_the_call_is_named_for_the_next_model()
    {
        await using var fixture = await ServerFixture.StartAsync(With(Sonnet));
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Fault(Opus, 401, "invalid x-api-key"));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(
            $"All models failed (2): anthropic/{Opus}: HTTP 401 authentication_error: invalid x-api-key"
            + $" (request_id: req_of_{Opus}) (auth) | anthropic/{Sonnet}: {None} (auth)."
            + " Onboard a new one (claw onboard) or paste a token (claw models auth paste-token --provider anthropic).",
            failed.Message);
        Assert.Equal((StatusCode.FailedPrecondition, "CREDENTIAL_REJECTED"), (failed.Code, failed.Reason));

        // Then nothing is sent any more.
        failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(
            $"All models failed (2): anthropic/{Opus}: {None} (auth) | anthropic/{Sonnet}: {None} (auth)."
            + " Onboard a new credential, or reset a profile.", failed.Message);
        Assert.Equal("ALL_PROFILES_UNAVAILABLE", failed.Reason);
    }

    [Fact]
    public async Task Cooldowns_of_different_models_are_told_apart()
    {
        await using var fixture = await ServerFixture.StartAsync(With(Sonnet));
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Fault(Opus, 429, "Slow down."), Fault(Sonnet, 402, "Pay first."));
        await fixture.StreamAsync();
        Assert.StartsWith(
            $"All models failed (2): anthropic/{Opus}: {None} (billing) | anthropic/{Sonnet}: {None} (billing)."
            + " The first comes back at ", (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_that_cannot_be_refreshed_is_named_for_each_model()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromSeconds(-1), more: With(Sonnet));
        fixture.Sandbox.Script(Faults.Status(400).ForPath("/v1/oauth/token").Forever());
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Matches(
            $@"^All models failed \(2\): anthropic/{Opus}: OAuth token refresh failed for anthropic: .+ \(auth\)"
            + $@" \| anthropic/{Sonnet}: OAuth token refresh failed for anthropic: .+ \(auth\)$", failed.Message);
        Assert.Equal("OAUTH_REFRESH_FAILED", failed.Reason);
    }

    [Fact]
    public async Task Rejected_request_keeps_its_own_message()
    {
        await using var fixture = await ServerFixture.StartAsync(With(Sonnet));
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Fault(Opus, 429, "Slow down."), Fault(Sonnet, 400, "messages: too short"));
        Assert.Equal("messages: too short", (await fixture.StreamAsync()).Failed.Message);
    }

    [Fact]
    public async Task Models_beyond_the_limit_of_attempts_are_not_said_to_have_failed()
    {
        await using var fixture = await ServerFixture.StartAsync(
            With(Sonnet, Haiku) + ", clawgrpc: { limits: { attempts: 2 } }");
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(500).Forever());
        Assert.StartsWith("2 of 3 models failed: ", (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_messages_of_models_share_the_space()
    {
        await using var fixture = await ServerFixture.StartAsync(With(Sonnet));
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(500, new string('x', 2000)).Forever());
        var message = (await fixture.StreamAsync()).Failed.Message;
        Assert.Matches(
            $@"^All models failed \(2\): anthropic/{Opus}: HTTP 500 api_error: x{{400}}… \(request_id: \w+\) \(server_error\)"
            + $@" \| anthropic/{Sonnet}: HTTP 500 api_error: x{{400}}… \(request_id: \w+\) \(server_error\)$", message);
    }

    [Theory]
    [InlineData("No full stop", "No full stop. Onboard a new one")]
    [InlineData("With one.", "With one. Onboard a new one")]
    [InlineData("Why?  ", "Why? Onboard a new one")]
    public async Task Sentence_of_upstream_ends_before_the_advice(string upstream, string told)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(401, upstream));
        Assert.Contains(told, (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
    }

    private static Fault Fault(string model, int status, string message) => new Fault
    {
        Status = new() { Code = status, Message = message, Headers = new() { ["request-id"] = $"req_of_{model}" } },
    }.ForModel(model).Forever();

    private static string With(params string[] fallbacks) =>
        $$"""agents: { defaults: { model: { primary: "anthropic/{{Opus}}", fallbacks: [ """
        + string.Join(", ", fallbacks.Select(model => $"\"anthropic/{model}\"")) + " ] } } }";
}
