using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Failover;

/// <summary><c>model@profile</c>: this profile and no other.</summary>
public class StrictProfileTests
{
    [Fact]
    public async Task Only_the_profile_that_was_named_is_tried()
    {
        await using var fixture = await WithTwoKeysAsync();
        Assert.Equal($"{Two} served", (await AskAsync(fixture, Two)).Attempts);
        fixture.Sandbox.Script(Faults.Status(500).ForKey(KeyTwo));
        Assert.Equal($"{Two} failed ServerError 500", (await AskAsync(fixture, Two)).Attempts);
    }

    [Fact]
    public async Task Named_profile_is_tried_despite_its_cooldown()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyTwo));
        await AskAsync(fixture, Two);
        Assert.Equal($"{Two} served", (await AskAsync(fixture, Two)).Attempts);
    }

    [Fact]
    public async Task Retry_time_is_that_of_the_named_profile()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(429).ForKey(KeyOne), Faults.Status(429, retryAfter: "500").ForKey(KeyTwo));
        await AskAsync(fixture, One);
        Assert.Equal(TimeSpan.FromSeconds(500), (await AskAsync(fixture, Two)).Failed.RetryDelay);
    }

    [Theory]
    [InlineData("anthropic:none", StatusCode.NotFound, "PROFILE_NOT_FOUND", "Auth profile \"anthropic:none\" not found in ")]
    [InlineData("openai:default", StatusCode.InvalidArgument, "PROVIDER_MISMATCH",
        "Auth profile \"openai:default\" is for openai, not anthropic.")]
    [InlineData("anthropic:expired", StatusCode.FailedPrecondition, "PROFILE_UNUSABLE",
        "No credentials found for profile \"anthropic:expired\"")]
    public async Task Unusable_named_profile_fails_without_failover(string profile, StatusCode code, string reason, string text)
    {
        await using var fixture = await WithTwoKeysAsync();
        await fixture.Auth.PasteTokenAsync(
            new PasteTokenRequest { Provider = "openai", ProfileId = "openai:default", Token = "FAKE-openai-token-000001" });
        await fixture.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "anthropic",
            ProfileId = "anthropic:expired",
            Token = Token,
            ExpiresIn = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        });
        fixture.Time.Advance(TimeSpan.FromHours(1));
        var failed = (await AskAsync(fixture, profile)).Failed;
        Assert.Equal((code, reason, profile), (failed.Code, failed.Reason, failed.Facts["profile_id"]));
        Assert.StartsWith(text, failed.Message, StringComparison.Ordinal);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    private static Task<Answer> AskAsync(ServerFixture fixture, string profile) =>
        fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{profile}"));
}
