using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>
/// Credentials that no header can carry, from every source: they never reach a request, and the status and the refusal say why.
/// </summary>
public class UnsendableCredentialTests
{
    private const string Head = "sk-ant-api03-FAKE";
    private const string Injected = @"\r\nx-injected: secret-part";
    private const string LineBreak = "a line break at position 18";

    // Profiles as files hold them, with what the status says of each.
    public static TheoryData<string, string> Profiles => new()
    {
        { Key($"{Head}{Injected}"), $"the key holds {LineBreak}" },
        { Key($@"{Head}\nsecret-part"), $"the key holds {LineBreak}" },
        { Key($@"{Head}\u2028secret-part"), $"the key holds {LineBreak}" },
        { Key($@"{Head}\u0085secret-part"), $"the key holds {LineBreak}" },
        { Key($@"{Head}\u0000secret-part"), "the key holds a control character at position 18" },
        { Key($@"{Head}\u007fsecret-part"), "the key holds a control character at position 18" },
        { Key($@"{Head}\tsecret-part"), "the key holds a tab at position 18" },
        { Key($"{Head}\u043a-secret-part"), "the key holds the character U+043A, which no key has at position 18" },
        { Key(new string('k', 9000)), "the key is too long: 9000 characters, at most 8192" },
        {
            $$"""{ "type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKE{{Injected}}" }""",
            $"the token holds {LineBreak}"
        },
        {
            $$"""{ "type": "oauth", "provider": "anthropic", "access": "sk-ant-oat01-FAKE{{Injected}}", "expires": 4e12 }""",
            $"the access token holds {LineBreak}"
        },
    };

    [Theory]
    [MemberData(nameof(Profiles))]
    public async Task Profile_that_cannot_be_sent_is_unusable(string profile, string why)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync($$"""{ "version": 1, "profiles": { "{{One}}": {{profile}} } }""");
        await RefusesAsync(fixture, One, why);

        // By its name, by a probe and in every other call.
        var strict = (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{One}"))).Failed;
        Assert.Equal(("PROFILE_UNUSABLE", why), (strict.Reason, strict.Facts["why"]));
        var probe = fixture.Auth.ProbeProfiles(new ProbeProfilesRequest());
        Assert.True(await probe.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains(why, probe.ResponseStream.Current.Error, StringComparison.Ordinal);
        var count = await CallFailure.OfAsync(async () => await fixture.Models.CountTokensAsync(
            new CountTokensRequest { Input = Prompts.Input() }));
        Assert.Contains(why, count.Message, StringComparison.Ordinal);
        await fixture.Models.ListModelsAsync(new ListModelsRequest());
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Next_profile_serves_in_place_of_one_that_cannot_be_sent()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync($$"""
            { "version": 1, "profiles": { "{{One}}": {{Key($"{Head}{Injected}")}}, "{{Two}}": {{Key(KeyTwo)}} },
              "order": { "anthropic": ["{{One}}", "{{Two}}"] } }
            """);
        Assert.Equal($"{Two} served", (await fixture.StreamAsync()).Attempts);
        var status = await fixture.StatusAsync();
        Assert.Equal(One, status.Auth.UnusableProfiles.Single().ProfileId);
        Assert.Contains(
            "[disabled:invalid_credential]",
            status.Auth.Providers.Single(provider => provider.Provider == "anthropic").Labels[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("env: { ANTHROPIC_API_KEY: 'sk-ant-api03-FAKE\\nsecret-part' }", "", "env: ANTHROPIC_API_KEY")]
    [InlineData("env: { vars: { ANTHROPIC_OAUTH_TOKEN: 'sk-ant-oat01-FAKE\\r\\nx: secret-part' } }", "",
        "env: ANTHROPIC_OAUTH_TOKEN")]
    [InlineData("", "apiKey: 'sk-ant-api03-FAKE\\r\\nx-injected: secret-part'", "models.json")]
    [InlineData("env: { SOME_KEY: 'sk-ant-api03-FAKE\\nsecret-part' }", "apiKey: '${SOME_KEY}'", "models.json")]
    public async Task Fallback_key_that_cannot_be_sent_is_unusable(string more, string provider, string source)
    {
        await using var fixture = await ServerFixture.StartAsync(more, provider);
        await RefusesAsync(fixture, source, $"the key holds {LineBreak}");
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Configured_key_serves_in_place_of_a_broken_variable()
    {
        await using var fixture = await ServerFixture.StartAsync(
            "env: { ANTHROPIC_API_KEY: 'sk-ant-api03-FAKE\\nsecret-part' }", $"apiKey: '{KeyTwo}'");
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(KeyTwo, fixture.Sandbox.Requests.Single().Credential);
        Assert.Equal("env: ANTHROPIC_API_KEY", (await fixture.StatusAsync()).Auth.UnusableProfiles.Single().ProfileId);
    }

    [Fact]
    public async Task Imported_old_key_that_cannot_be_sent_is_unusable()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        Directory.CreateDirectory(fixture.Files["agents/main/agent"]);
        await File.WriteAllTextAsync(
            fixture.Files["agents/main/agent/auth.json"],
            $$"""{ "anthropic": { "type": "api_key", "key": "{{Head}}{{Injected}}" } }""");
        await fixture.StartServerAsync();
        await RefusesAsync(fixture, "anthropic:default", $"the key holds {LineBreak}");
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Claude_CLI_login_that_cannot_be_sent_is_refused()
    {
        await using var fixture = await ServerFixture.StartAsync();
        Directory.CreateDirectory(fixture.Files[".claude"]);
        await File.WriteAllTextAsync(fixture.Files[".claude/.credentials.json"], $$"""
            { "claudeAiOauth": { "accessToken": "sk-ant-oat01-FAKE{{Injected}}", "refreshToken": "r", "expiresAt": 4e12 } }
            """);
        var failed = await CallFailure.OfAsync(
            async () => await fixture.Auth.OnboardAsync(new OnboardRequest { ClaudeCli = new ClaudeCliCredential() }));
        Assert.Equal(["claude_cli"], failed.Fields);
        Assert.Contains(LineBreak, failed.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(fixture.Files.ProfilesPath()));
    }

    [Fact]
    public async Task Granted_token_that_cannot_be_sent_is_not_stored()
    {
        await using var fixture = await Login.StartAsync(TimeSpan.FromHours(-1));
        fixture.Sandbox.Script(Faults.Replay(
            """{ "access_token": "sk-ant-oat01-FAKE\r\nx-injected: secret-part", "expires_in": 3600 }"""u8.ToArray())
            .ForPath(Login.Path));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal("OAUTH_REFRESH_FAILED", failed.Reason);
        Assert.Contains("answered 200 without a bearer token", failed.Message, StringComparison.Ordinal);
        Assert.Equal(Login.Access, fixture.Stored("access"));
        Assert.Empty(fixture.Used());
    }

    [Theory]
    [InlineData(@"\n")]
    [InlineData(@"\r\n")]
    [InlineData(@" \t")]
    [InlineData(@"\ufeff")]
    public async Task White_space_around_a_stored_key_is_left_out(string space)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync(
            $$"""{ "version": 1, "profiles": { "{{One}}": {{Key($"{space}{KeyOne}{space}")}} } }""");
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
        Assert.Empty((await fixture.StatusAsync()).Auth.UnusableProfiles);
    }

    [Fact]
    public async Task Configured_beta_that_cannot_be_sent_is_left_out()
    {
        await using var fixture = await ServerFixture.StartAsync(
            "agents: { defaults: { models: { 'anthropic/claude-opus-4-6': { params: { anthropicBeta: "
            + "['good-2026-01-01', 'bad\\r\\nx-injected: 1'] } } } } }");
        await fixture.OnboardAsync();
        await fixture.StreamAsync();
        Assert.Equal(["good-2026-01-01"], fixture.Sandbox.Requests.Single().Betas);
    }

    private static string Key(string key) => $$"""{ "type": "api_key", "provider": "anthropic", "key": "{{key}}" }""";

    private static async Task RefusesAsync(ServerFixture fixture, string source, string why)
    {
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "MISSING_CREDENTIALS"), (failed.Code, failed.Reason));
        Assert.Contains($"Not usable: {source} ({why})", failed.Message, StringComparison.Ordinal);
        var unusable = (await fixture.StatusAsync()).Auth.UnusableProfiles.Single();
        Assert.Equal((source, "disabled", "invalid_credential"), (unusable.ProfileId, unusable.Kind, unusable.Reason));
        Assert.Null(unusable.RecoverTime);
        Assert.StartsWith($"T{why[1..]}. ", unusable.RecoveryHint, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-part", $"{failed.Exception}{await fixture.StatusAsync()}", StringComparison.Ordinal);
    }
}
