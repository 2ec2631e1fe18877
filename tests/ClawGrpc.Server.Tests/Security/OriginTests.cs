using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>
/// A credential belongs to the upstream that it was onboarded for, and goes to no other until somebody confirms that.
/// </summary>
public class OriginTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Onboarded_profile_does_not_follow_a_changed_upstream(bool restart)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StreamAsync();
        await MoveAsync(fixture, elsewhere, restart);
        await RefusesAsync(fixture, One, elsewhere);

        // Back again without a question.
        await MoveAsync(fixture, fixture.Sandbox, restart);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Every_call_keeps_a_credential_from_another_upstream()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await MoveAsync(fixture, elsewhere);
        var strict = (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{One}"))).Failed;
        Assert.Equal("PROFILE_UNUSABLE", strict.Reason);
        Assert.Contains("it belongs to ", strict.Facts["why"], StringComparison.Ordinal);
        await CallFailure.OfAsync(async () => await fixture.Models.CountTokensAsync(
            new CountTokensRequest { Input = Prompts.Input() }));
        await CallFailure.OfAsync(async () => await fixture.Models.PlanCompletionAsync(
            new PlanCompletionRequest { Input = Prompts.Input() }));
        await fixture.Models.ListModelsAsync(new ListModelsRequest());
        var probe = fixture.Auth.ProbeProfiles(new ProbeProfilesRequest());
        Assert.True(await probe.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains("it belongs to ", probe.ResponseStream.Current.Error, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    // Also of an agent without a call before the change.
    [Theory]
    [InlineData("main", true)]
    [InlineData("main", false)]
    [InlineData("work", false)]
    public async Task Found_profile_belongs_to_the_upstream_of_first_sight(string agent, bool isAsked)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        await fixture.Files.WriteProfilesAsync(Found(KeyOne), agent);
        await fixture.StartServerAsync();
        if (isAsked)
            await fixture.StatusAsync(agent);
        await MoveAsync(fixture, elsewhere);
        var failed = (await fixture.StreamAsync(Prompts.Input(with: input => input.AgentId = agent))).Failed;
        Assert.Contains($"{One} (it belongs to {fixture.Sandbox.BaseUrl}, ", failed.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);

        // OpenClaw's file is as it was; ClawGrpc's own is its owner's alone.
        Assert.Equal(Found(KeyOne), await File.ReadAllTextAsync(fixture.Files.ProfilesPath(agent)));
        Assert.Equal(
            AtomicFile.OwnerOnly, File.GetUnixFileMode(fixture.Files[$"agents/{agent}/agent/{OriginsFile.Name}"]));
    }

    [Fact]
    public async Task Profile_found_while_the_server_runs_belongs_to_the_upstream_of_then()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.StatusAsync();
        await fixture.Files.WriteProfilesAsync(Found(KeyOne));
        await PollAsync(fixture, async () => (await fixture.StatusAsync()).Auth.Profiles.Count == 1);
        await MoveAsync(fixture, elsewhere);
        await RefusesAsync(fixture, One, elsewhere);
    }

    [Fact]
    public async Task Credential_that_another_program_replaced_stays_with_its_upstream()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        await fixture.Files.ConfigureAsync(elsewhere.BaseUrl);
        await fixture.Files.WriteProfilesAsync(Found(KeyTwo));
        await fixture.StartServerAsync();
        await RefusesAsync(fixture, One, elsewhere);
    }

    [Theory]
    [InlineData(One)]
    [InlineData("")]
    public async Task Rebound_profile_serves_at_the_new_upstream(string profile)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await WithTwoKeysAsync();
        await MoveAsync(fixture, elsewhere);
        using var watcher = fixture.Watch();
        Assert.Equal(2, (await watcher.NextAsync()).Auth.UnusableProfiles.Count);
        var rebound = await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { ProfileId = profile });
        Assert.Equal(("main", elsewhere.BaseUrl), (rebound.AgentId, rebound.Origin));
        Assert.Equal(profile.Length > 0 ? [One] : [One, Two], rebound.ProfileIds);
        var left = profile.Length > 0 ? 1 : 0;
        await watcher.UntilAsync(status => status.Auth.UnusableProfiles.Count == left);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);

        // A repeat changes nothing, and a restart forgets nothing.
        Assert.Empty((await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { ProfileId = One })).ProfileIds);
        await fixture.RestartServerAsync();
        Assert.Equal(left, (await fixture.StatusAsync()).Auth.UnusableProfiles.Count);
        await fixture.StreamAsync();
        Assert.Equal([KeyOne, KeyOne], elsewhere.Requests.Select(request => request.Credential));
    }

    [Fact]
    public async Task Rebinding_an_unknown_profile_is_refused()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var failed = await CallFailure.OfAsync(async () => await fixture.Auth.RebindProfileAsync(
            new RebindProfileRequest { ProfileId = "anthropic:nope" }));
        Assert.Equal((StatusCode.NotFound, "PROFILE_NOT_FOUND"), (failed.Code, failed.Reason));
    }

    [Theory]
    [InlineData("onboard")]
    [InlineData("paste")]
    [InlineData("existing")]
    public async Task Onboarding_again_confirms_the_new_upstream(string way)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await MoveAsync(fixture, elsewhere);
        if (way == "onboard")
            await fixture.OnboardAsync(key: KeyTwo);
        else if (way == "paste")
            await fixture.Auth.PasteTokenAsync(new PasteTokenRequest { Provider = "anthropic", ProfileId = One, Token = KeyTwo });
        else
            await fixture.Auth.OnboardAsync(new OnboardRequest { ApiKey = new ApiKeyCredential { Existing = true } });
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Single(elsewhere.Requests);
    }

    [Fact]
    public async Task Deleted_profile_leaves_no_binding_behind()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await WithTwoKeysAsync();
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        var text = await File.ReadAllTextAsync(fixture.Files[$"agents/main/agent/{OriginsFile.Name}"]);
        Assert.DoesNotContain(One, text, StringComparison.Ordinal);
        Assert.Contains($"\"{Two}\": \"{fixture.Sandbox.BaseUrl}\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("env: { ANTHROPIC_API_KEY: '" + KeyOne + "' }", "", "env: ANTHROPIC_API_KEY")]
    [InlineData("", "apiKey: '" + KeyOne + "'", "models.json")]
    public async Task Fallback_key_does_not_follow_a_changed_upstream(string more, string provider, string source)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync(more, provider);
        await MoveAsync(fixture, elsewhere, more: more, provider: provider);
        await RefusesAsync(fixture, source, elsewhere);

        // Confirmed, it does; a restart confirms too.
        await fixture.Auth.RebindProfileAsync(new RebindProfileRequest());
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        await MoveAsync(fixture, fixture.Sandbox, restart: true, more: more, provider: provider);
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal((1, 1), (elsewhere.Requests.Count, fixture.Sandbox.Requests.Count));
    }

    [Fact]
    public async Task New_key_beside_a_new_upstream_serves_there()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync("", $"apiKey: '{KeyOne}'");
        await MoveAsync(fixture, elsewhere, provider: $"apiKey: '{KeyTwo}'");
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(KeyTwo, elsewhere.Requests.Single().Credential);
    }

    [Fact]
    public async Task Inherited_key_stays_with_its_owners_upstream()
    {
        const string inherits = "auth: { inheritFromMain: true }, agents: { list: [{ id: 'main' }, { id: 'work' }] }";
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync(inherits);
        await fixture.OnboardAsync();
        await MoveAsync(fixture, elsewhere, more: inherits);
        var input = Prompts.Input(with: input => input.AgentId = "work");
        Assert.Contains("it belongs to ", (await fixture.StreamAsync(input)).Failed.Message, StringComparison.Ordinal);
        await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { AgentId = "work", ProfileId = One });
        Assert.Equal($"{One} served", (await fixture.StreamAsync(input)).Attempts);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refresh_token_does_not_follow_a_changed_token_endpoint(bool restart)
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await Login.StartAsync(TimeSpan.FromHours(1));
        await fixture.StreamAsync();
        await MoveAsync(fixture, fixture.Sandbox, restart, Login.Section($"{elsewhere.BaseUrl}{Login.Path}"));
        fixture.Time.Advance(TimeSpan.FromHours(2));
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal("OAUTH_REFRESH_FAILED", failed.Reason);
        Assert.Contains(
            $"belongs to the token endpoint at {fixture.Sandbox.BaseUrl}, and {elsewhere.BaseUrl} is configured", failed.Message,
            StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
        await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { ProfileId = One });
        await elsewhere.WaitForRequestsAsync(1);
        Assert.Equal(Login.Path, elsewhere.Requests[0].Path);
    }

    [Fact]
    public async Task Another_path_of_the_same_upstream_is_no_other()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        await fixture.Files.ConfigureAsync($"{fixture.Sandbox.BaseUrl}/v1/");
        await fixture.StartServerAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Unreadable_origins_stop_calls_and_are_never_replaced()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        var path = fixture.Files[$"agents/main/agent/{OriginsFile.Name}"];
        await File.WriteAllTextAsync(path, "{ broken");
        await fixture.StartServerAsync();
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal(("STATE_UNREADABLE", path), (failed.Reason, failed.Facts["path"]));
        await CallFailure.OfAsync(() => fixture.OnboardAsync(Two, KeyTwo));
        Assert.Equal("{ broken", await File.ReadAllTextAsync(path));
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Theory]
    [InlineData("http://gateway.example", false)]
    [InlineData("http://192.168.1.20:4000", false)]
    [InlineData("http://0.0.0.0:4000", false)]
    [InlineData("http://localhost:4000", true)]
    [InlineData("http://127.0.0.7:4000", true)]
    [InlineData("http://[::1]:4000", true)]
    [InlineData("https://gateway.example", true)]
    public async Task Plain_http_needs_a_word_unless_it_stays_here(string url, bool isAccepted)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(url);
        if (isAccepted)
        {
            await fixture.StartServerAsync();
            return;
        }

        var refused = await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.Contains("models.providers.anthropic.baseUrl: Refused: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("clawgrpc.upstream.allowPlaintext", refused.Message, StringComparison.Ordinal);
        await fixture.Files.ConfigureAsync(url, "clawgrpc: { upstream: { allowPlaintext: true } }");
        await fixture.StartServerAsync();
        await fixture.StopServerAsync();

        // The same from a variable.
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, $"{{ env: {{ ANTHROPIC_BASE_URL: '{url}' }} }}");
        await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
    }

    [Fact]
    public async Task Change_to_plain_http_leaves_the_last_good_configuration()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.Files.ConfigureAsync("http://gateway.example");
        await PollAsync(fixture, async () => (await fixture.StatusAsync()).ConfigurationErrors.Count == 1);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    private static string Found(string key) =>
        $$"""{ "version": 1, "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{key}}" } } }""";

    private static async Task MoveAsync(
        ServerFixture fixture, Sandbox upstream, bool restart = false, string more = "", string provider = "")
    {
        if (restart)
            await fixture.StopServerAsync();
        await fixture.Files.ConfigureAsync(upstream.BaseUrl, more, provider);
        if (restart)
            await fixture.StartServerAsync();
        else
            await fixture.Part<LiveConfiguration>().ReloadAsync();
    }

    private static Task PollAsync(ServerFixture fixture, Func<Task<bool>> holds) => ServerFixture.EventuallyAsync(() =>
    {
        fixture.Time.Advance(FileChanges.Interval);
        return holds();
    });

    private static async Task RefusesAsync(ServerFixture fixture, string source, Sandbox elsewhere)
    {
        var failed = (await fixture.StreamAsync()).Failed;
        Assert.Equal((StatusCode.FailedPrecondition, "MISSING_CREDENTIALS"), (failed.Code, failed.Reason));
        Assert.Contains(
            $"{source} (it belongs to {fixture.Sandbox.BaseUrl}, and requests go to {elsewhere.BaseUrl} now)", failed.Message,
            StringComparison.Ordinal);
        var auth = (await fixture.StatusAsync()).Auth;
        var unusable = auth.UnusableProfiles.Single();
        Assert.Equal((source, "disabled", "origin_changed"), (unusable.ProfileId, unusable.Kind, unusable.Reason));
        Assert.Contains("claw models auth rebind", unusable.RecoveryHint, StringComparison.Ordinal);
        Assert.All(auth.Profiles, profile => Assert.Equal(fixture.Sandbox.BaseUrl, profile.Origin));
        Assert.Empty(elsewhere.Requests);
    }
}
