using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>
/// AuthService given what it cannot take: one clear error with the field named, and not a byte on disk changed.
/// </summary>
public class BadCredentialTests
{
    private static readonly Dictionary<string, (OnboardRequest Request, string Field, string Text)> Onboards = new()
    {
        ["nothing"] = (new(), "credential", "Required: one of api_key, setup_token, claude_cli, workload_identity"),
        ["an empty key"] = (Key(""), "api_key.key", "Required"),
        ["a blank key"] = (Key(" \t "), "api_key.key", "Required"),
        ["a key with a line break"] =
            (Key("sk-ant-api03-FAKE\n-secret-part"), "api_key.key", "The key holds a line break at position 18"),
        ["a key with a carriage return"] =
            (Key("sk-ant-api03-FAKE\r-secret-part"), "api_key.key", "The key holds a line break at position 18"),
        ["a key with a tab"] = (Key("sk-ant-api03-FAKE\t-secret-part"), "api_key.key", "The key holds a tab at position 18"),
        ["a key with a letter no key has"] =
            (Key("sk-ant-api03-FAKE-ключ-secret-part"), "api_key.key", "The key holds the character U+043A, which no key has"),
        ["a key with a NUL"] = (Key("sk-ant-api03-FAKE\0-secret-part"), "api_key.key", "The key holds a control character"),
        ["an endless key"] = (Key(new string('k', 1_000_000)), "api_key.key", "The key is too long"),
        ["an admin key"] = (Key("sk-ant-admin01-FAKE-secret-part"), "api_key.key", "This is an admin key"),
        ["a setup-token for a key"] = (Key(Token), "api_key.key", "This is a setup-token, not an API key"),
        ["a key for a setup-token"] = (SetupToken(KeyOne), "setup_token.token", "Expected token starting with sk-ant-oat01-"),
        ["half a setup-token"] = (SetupToken(Token[..40]), "setup_token.token", "Token looks too short"),
        ["an expiry in the past"] =
            (SetupToken(Token, new Duration { Seconds = -1 }), "setup_token.expires_in", "Expected a span from now"),
        ["an expiry a little in the past"] =
            (SetupToken(Token, new Duration { Nanos = -1 }), "setup_token.expires_in", "Expected a span from now"),
        ["an expiry beyond a thousand years"] =
            (SetupToken(Token, new Duration { Seconds = long.MaxValue }), "setup_token.expires_in", "at most a thousand years"),
        ["an expiry that is no span"] =
            (SetupToken(Token, new Duration { Seconds = 1, Nanos = int.MaxValue }), "setup_token.expires_in", "Expected a span"),
        ["a profile with a line break"] = (Key(KeyOne, "anthropic:\none"), "profile_id", "printable characters on one line"),
        ["a profile with a mark that turns the writing"] =
            (Key(KeyOne, "anthropic:\u202Eone"), "profile_id", "printable characters on one line"),
        ["a profile that is a secret"] = (Key(KeyOne, $"anthropic:{KeyOne}"), "profile_id", "This looks like a secret"),
        ["an endless profile"] = (Key(KeyOne, new string('p', 100_000)), "profile_id", "at most 200"),
        ["an e-mail with a line break"] =
            (new() { ApiKey = new() { Key = KeyOne, Email = "a@example.com\nb" } }, "api_key.email", "one line"),
        ["an endless e-mail"] = (new() { ApiKey = new() { Key = KeyOne, Email = new string('e', 100_000) } }, "api_key.email",
            "at most"),
    };

    public static TheoryData<string> Cases => [.. Onboards.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_credential_that_cannot_be_taken_is_refused_by_its_field(string name)
    {
        var (request, field, text) = Onboards[name];
        await using var fixture = await WithTwoKeysAsync();
        await RefusesAsync(fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () => await fixture.Auth.OnboardAsync(
            request), field, text);
    }

    [Fact]
    public async Task All_wrong_fields_are_reported_at_once()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var failed = await CallFailure.OfAsync(async () => await fixture.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "no such/provider",
            ProfileId = "a\nb",
            Token = "",
            ExpiresIn = new Duration { Seconds = -5 },
        }));
        Assert.Equal(["provider", "profile_id", "token", "expires_in"], failed.Fields);
        Assert.Equal("provider", failed.Facts["field"]);
    }

    [Theory]
    [InlineData("nope")]
    [InlineData("../main")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("main/../main")]
    [InlineData("/etc")]
    [InlineData("main\0")]
    [InlineData("%2e%2e")]
    public async Task Unknown_agent_is_not_found_and_ids_cannot_leave_the_folder(string agent)
    {
        await using var fixture = await WithTwoKeysAsync();
        Func<Task>[] calls =
        [
            async () =>
                await fixture.Auth.OnboardAsync(
                    new OnboardRequest { AgentId = agent, ApiKey = new ApiKeyCredential { Key = KeyOne } }),
            async () =>
                await fixture.Auth.PasteTokenAsync(
                    new PasteTokenRequest { AgentId = agent, Provider = "anthropic", Token = Token }),
            async () => await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { AgentId = agent, ProfileId = One }),
            async () => await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { AgentId = agent, ProfileId = One }),
            async () =>
                await fixture.Auth.GetProfileOrderAsync(new GetProfileOrderRequest { AgentId = agent, Provider = "anthropic" }),
            async () =>
                await fixture.Auth.SetProfileOrderAsync(
                    new SetProfileOrderRequest { AgentId = agent, Provider = "anthropic", ProfileIds = { One } }),
            async () =>
                await fixture.Auth.ClearProfileOrderAsync(
                    new ClearProfileOrderRequest { AgentId = agent, Provider = "anthropic" }),
            async () => await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = agent }),
            async () =>
                await fixture.Models.WatchStatus(
                    new WatchStatusRequest { AgentId = agent }).ResponseStream.MoveNext(CancellationToken.None),
            async () => await fixture.Models.ListModelsAsync(new ListModelsRequest { AgentId = agent }),
            async () =>
                await fixture.Models.CompleteAsync(
                    new CompleteRequest { Input = Prompts.Input(with: input => input.AgentId = agent) }),
        ];
        foreach (var call in calls)
            Assert.Equal(agent, (await RefusesAsync(fixture, StatusCode.NotFound, "AGENT_NOT_FOUND", call)).Facts["agent_id"]);
    }

    [Fact]
    public async Task Unknown_profile_is_not_found()
    {
        await using var fixture = await WithTwoKeysAsync();
        await RefusesAsync(
            fixture, StatusCode.NotFound, "PROFILE_NOT_FOUND", async () =>
                await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = "anthropic:nope" }));
        await RefusesAsync(
            fixture, StatusCode.NotFound, "PROFILE_NOT_FOUND", async () =>
                await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = "anthropic:nope" }));
        await RefusesAsync(fixture, StatusCode.NotFound, "PROFILE_NOT_FOUND", async () => await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One, "anthropic:nope" } }));
        await RefusesAsync(
            fixture, StatusCode.InvalidArgument, "PROVIDER_MISMATCH", async () => await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "openai", ProfileIds = { One } }));
        await RefusesAsync(
            fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () => await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { " " } }), "profile_ids");
        await RefusesAsync(
            fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () =>
                await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest()), "profile_id");
        await RefusesAsync(
            fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () =>
                await fixture.Auth.GetProfileOrderAsync(new GetProfileOrderRequest()), "provider");
    }

    [Fact]
    public async Task A_setup_token_is_refused_when_subscriptions_are_switched_off()
    {
        await using var fixture = await ServerFixture.StartAsync("clawgrpc: { subscriptions: { enabled: false } }");
        await RefusesAsync(fixture, StatusCode.FailedPrecondition, "SUBSCRIPTIONS_DISABLED", () => fixture.OnboardTokenAsync());
    }

    [Fact]
    public async Task Ways_that_come_later_say_so()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await RefusesAsync(
            fixture, StatusCode.Unimplemented, "NOT_IMPLEMENTED", async () =>
                await fixture.Auth.OnboardAsync(new OnboardRequest { WorkloadIdentity = new() }));
    }

    internal static async Task<CallFailure> RefusesAsync(
        ServerFixture fixture, StatusCode code, string reason, Func<Task> call, string? field = null, string text = "")
    {
        var before = fixture.Files.Snapshot();
        var failed = await CallFailure.OfAsync(call);
        Assert.Equal((code, reason), (failed.Code, failed.Reason));
        Assert.Equal(field is null ? [] : [field], failed.Fields);
        Assert.Contains(text, failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-part", failed.Exception.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, fixture.Files.Snapshot());
        return failed;
    }

    private static OnboardRequest Key(string key, string profile = "") =>
        new() { ProfileId = profile, ApiKey = new ApiKeyCredential { Key = key } };

    private static OnboardRequest SetupToken(string token, Duration? expires = null) =>
        new() { SetupToken = new SetupTokenCredential { Token = token, ExpiresIn = expires } };
}
