using ClawGrpc.Server.Tests.Refusing;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary><c>Onboard</c> with <c>validate_only</c>: asks upstream, stores nothing.</summary>
public class OnboardCheckTests
{
    private const string CountPath = "/v1/messages/count_tokens";
    private const string Other = "sk-ant-api03-FAKE-third-key-0000000000000003";

    [Fact]
    public async Task Accepted_credential_is_counted_with_and_not_stored()
    {
        await using var fixture = await WithTwoKeysAsync();
        var before = fixture.Files.Snapshot();
        var response = await fixture.Auth.OnboardAsync(Check(Other, "anthropic:third"));
        Assert.Equal(("anthropic:third", CredentialType.ApiKey), (response.ProfileId, response.Type));
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal((CountPath, Other), (seen.Path, seen.Credential));
        Assert.Equal(before, fixture.Files.Snapshot());
    }

    [Theory]
    [InlineData(401, StatusCode.FailedPrecondition, "CREDENTIAL_REJECTED")]
    [InlineData(429, StatusCode.ResourceExhausted, "RATE_LIMITED")]
    [InlineData(500, StatusCode.Unavailable, "SERVER_ERROR")]
    public async Task Refused_credential_is_not_stored(int status, StatusCode code, string reason)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(status).ForPath(CountPath).Forever());
        var failed = await BadCredentialTests.RefusesAsync(
            fixture, code, reason, async () => await fixture.Auth.OnboardAsync(Check(Other)),
            text: "Anthropic did not take it: ");
        Assert.Equal($"{status}", failed.Facts["http_status"]);
    }

    [Fact]
    public async Task Existing_key_is_not_checked()
    {
        await using var fixture = await WithTwoKeysAsync();
        var request = new OnboardRequest { ApiKey = new ApiKeyCredential { Existing = true }, ValidateOnly = true };
        await BadCredentialTests.RefusesAsync(
            fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () => await fixture.Auth.OnboardAsync(request),
            "validate_only");
    }

    private static OnboardRequest Check(string key, string profile = "") =>
        new() { ApiKey = new ApiKeyCredential { Key = key }, ProfileId = profile, ValidateOnly = true };
}
