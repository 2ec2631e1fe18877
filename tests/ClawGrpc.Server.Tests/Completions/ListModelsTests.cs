using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Completions;

/// <summary>Upstream's list of models, merged with the configuration's, and remembered.</summary>
public class ListModelsTests
{
    private const string ModelsPath = "/v1/models";

    private const string Configuration = """
        agents: { defaults: {
          model: { primary: "opus", fallbacks: ["anthropic/claude-sonnet-4-5", "openai/gpt-5.2"] },
          models: {
            "anthropic/claude-opus-4-6": { alias: "opus", params: { cacheRetention: "long" } },
            "anthropic/claude-sonnet-4-5": {},
            "anthropic/claude-gone": { alias: "gone" },
          },
        } }
        """;

    [Fact]
    public async Task Configured_models_come_first_merged_with_upstreams_facts()
    {
        await using var fixture = await ServerFixture.StartAsync(Configuration);
        await fixture.OnboardAsync();
        var list = await fixture.Models.ListModelsAsync(new ListModelsRequest());
        Assert.Equal(
            ["anthropic/claude-opus-4-6", "anthropic/claude-sonnet-4-5", "openai/gpt-5.2", "anthropic/claude-gone",
                "anthropic/claude-fable-5-2", "anthropic/claude-mythos-5-2"],
            list.Models.Take(6).Select(model => model.Model_));
        var (opus, sonnet, gpt, gone, fable) = (list.Models[0], list.Models[1], list.Models[2], list.Models[3], list.Models[4]);
        Assert.Equal(
            ("opus", true, CacheRetention.Long, true), (opus.Alias, opus.DefaultModel, opus.CacheRetention, opus.Available));
        Assert.Equal(("Claude Opus 4.6", 1_000_000, 128_000, true, "active"),
            (opus.DisplayName, opus.MaxInputTokens, opus.MaxOutputTokens, opus.ImageInput, opus.Lifecycle));
        Assert.Equal(new DateTime(2026, 2, 5), opus.CreateTime.ToDateTime());
        Assert.Contains("\"pdf_input\"", opus.RawJson.ToStringUtf8(), StringComparison.Ordinal);

        // Upstream lists it by its dated name.
        Assert.Equal((1, "Claude Sonnet 4.5", false), (sonnet.FallbackPosition, sonnet.DisplayName, sonnet.Missing));
        Assert.Equal((2, false, false), (gpt.FallbackPosition, gpt.Available, gpt.Missing));
        Assert.Equal(("gone", true, true), (gone.Alias, gone.Missing, gone.Configured));

        // Not in the allow-list.
        Assert.Equal((false, false, CacheRetention.Short), (fable.Configured, fable.Available, fable.CacheRetention));
        Assert.Equal(("", fixture.Time.GetUtcNow()), (list.UpstreamProblem, list.UpstreamTime.ToDateTimeOffset()));
        Assert.Equal(list.Models.Count, list.Models.DistinctBy(model => model.Model_).Count());
    }

    [Fact]
    public async Task Image_models_are_listed_and_local_providers_marked_local()
    {
        await using var fixture = await ServerFixture.StartAsync(
            "agents: { defaults: { imageModel: { primary: 'openai/gpt-5.2', fallbacks: ['anthropic/claude-sonnet-4-5'] } } }");
        var list = await fixture.Models.ListModelsAsync(new ListModelsRequest { ConfiguredOnly = true });
        Assert.Equal(
            [("anthropic/claude-opus-4-6", false, 0, true), ("openai/gpt-5.2", true, 0, false),
                ("anthropic/claude-sonnet-4-5", false, 1, true)],
            list.Models.Select(model => (model.Model_, model.ImageModel, model.ImageFallbackPosition, model.Local)));
    }

    [Fact]
    public async Task All_upstream_pages_are_read_and_the_list_is_paged()
    {
        string[] models = [.. Enumerable.Range(0, 2100).Select(index => $"claude-extra-{index}")];
        await using var fixture = await ServerFixture.StartAsync(sandbox: new SandboxOptions { ExtraModels = [.. models] });
        await fixture.OnboardAsync();
        var (names, request) = (new List<string>(), new ListModelsRequest { PageSize = 700 });
        do
        {
            var page = await fixture.Models.ListModelsAsync(request);
            names.AddRange(page.Models.Select(model => model.Model_));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        Assert.Equal(names.Distinct().Count(), names.Count);
        Assert.Equal(Enumerable.Range(0, 2100).Select(index => $"anthropic/claude-extra-{index}"), names.Where(
            name => name.Contains("extra", StringComparison.Ordinal)));
        Assert.Equal(
            ["?limit=1000", "?limit=1000&after_id=claude-extra-999", "?limit=1000&after_id=claude-extra-1999"],
                fixture.Sandbox.Requests.Select(seen => seen.Query));
        Assert.All(fixture.Sandbox.Requests, seen => Assert.Equal(("GET", ModelsPath, KeyOne, "2023-06-01", 0),
            (seen.Method, seen.Path, seen.Credential, seen.Header("anthropic-version"), seen.Body.Length)));
    }

    [Fact]
    public async Task A_list_is_remembered_for_ten_minutes_and_for_its_credential()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync(One, KeyOne);
        await ListAsync(fixture);
        fixture.Time.Advance(TimeSpan.FromMinutes(9));
        await ListAsync(fixture);
        Assert.Single(fixture.Sandbox.Requests);
        fixture.Time.Advance(TimeSpan.FromMinutes(1));
        await ListAsync(fixture);
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        await fixture.OnboardAsync(Two, KeyTwo);
        await ListAsync(fixture);
        Assert.Equal([KeyOne, KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(seen => seen.Credential!));
    }

    [Fact]
    public async Task Concurrent_callers_share_one_request_that_outlives_a_leaver()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Slow(beforeHeadersMs: 3000).ForPath(ModelsPath).Forever());
        using var leave = new CancellationTokenSource();
        var first = fixture.Models.ListModelsAsync(new ListModelsRequest(), cancellationToken: leave.Token);
        var others = Enumerable.Range(0, 20).Select(_ => ListAsync(fixture)).ToList();
        await fixture.Sandbox.WaitForRequestsAsync(1);
        await leave.CancelAsync();
        await Assert.ThrowsAsync<global::Grpc.Core.RpcException>(async () => await first);
        var all = await fixture.Time.PassUntilAsync(
            Task.WhenAll(others), TimeSpan.FromMilliseconds(2900), TimeSpan.FromMilliseconds(3000));
        Assert.All(all, list => Assert.Contains(list.Models, model => model.Model_ == "anthropic/claude-fable-5-2"));
        Assert.Single(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Refused_listing_asks_the_next_profile_and_keeps_health()
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(403, ErrorTexts.OAuthRevoked).ForKey(KeyOne).ForPath(ModelsPath).Forever());
        Assert.Equal("", (await ListAsync(fixture)).UpstreamProblem);
        Assert.Equal([KeyOne, KeyTwo], fixture.Sandbox.Requests.Select(seen => seen.Credential!));
        Assert.Equal("", await fixture.UnusableAsync());
        Assert.Equal(One, (await fixture.StreamAsync()).Served.ProfileId);
    }

    [Theory]
    [InlineData(500, "anthropic/claude-opus-4-6")]
    [InlineData(404, "anthropic/claude-opus-4-6")]
    public async Task Failed_upstream_listing_gives_configured_models_and_reason(int status, string only)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(status, "Not today.").ForPath(ModelsPath).Forever());
        var list = await ListAsync(fixture);
        Assert.Equal(("Not today.", null), (list.UpstreamProblem, list.UpstreamTime));
        var model = Assert.Single(list.Models);
        Assert.Equal((only, true, false), (model.Model_, model.Available, model.Missing));

        // A failure is not remembered.
        fixture.Sandbox.ClearScript();
        Assert.True((await ListAsync(fixture)).Models.Count > 1);
    }

    [Theory]
    [InlineData("{}", "The answer is malformed: it is JSON, but not a page of models.")]
    [InlineData("[", "The answer is malformed: it is not JSON (at line 1, byte 1).")]
    public async Task Malformed_model_list_is_reported(string body, string problem)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(new Fault { Replay = new() { Text = body } }.ForPath(ModelsPath));
        Assert.Equal(problem, (await ListAsync(fixture)).UpstreamProblem);
    }

    [Fact]
    public async Task Model_list_that_repeats_a_page_is_read_no_further()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(new Fault
        {
            Replay = new()
            {
                Text = """{"data":[{"id":"claude-a"},{"no":"id"},7]"""
            + ""","has_more":true,"last_id":"claude-a"}"""
            }
        }.ForPath(ModelsPath).Forever());
        Assert.Equal(
            ["anthropic/claude-opus-4-6", "anthropic/claude-a"], (await ListAsync(fixture)).Models.Select(model => model.Model_));
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task Slow_model_list_times_out()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.StallBeforeHeaders().ForPath(ModelsPath));
        var list = await fixture.Time.PassUntilAsync(ListAsync(fixture), TimeSpan.FromSeconds(4.9), TimeSpan.FromSeconds(5));
        Assert.Equal("No list of models came within 5 s.", list.UpstreamProblem);
    }

    [Fact]
    public async Task Missing_credential_is_reported_with_the_list()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var list = await ListAsync(fixture);
        Assert.StartsWith("No API key found for provider \"anthropic\".", list.UpstreamProblem, StringComparison.Ordinal);
        Assert.False(Assert.Single(list.Models).Available);
    }

    [Fact]
    public async Task Upstream_is_not_asked_if_its_models_are_not_requested()
    {
        await using var fixture = await ServerFixture.StartAsync("""models: { mode: "replace", providers: { anthropic: {"""
            + """ baseUrl: "http://127.0.0.1:1", models: [{ id: "claude-own", name: "Our own", contextWindow: 5000,"""
            + """ maxTokens: 100 }] } } }""");
        await fixture.OnboardAsync();
        var list = await ListAsync(fixture);
        Assert.Equal(["anthropic/claude-opus-4-6", "anthropic/claude-own"], list.Models.Select(model => model.Model_));
        Assert.Equal(("Our own", 5000, 100, ""),
            (list.Models[1].DisplayName, list.Models[1].MaxInputTokens, list.Models[1].MaxOutputTokens, list.UpstreamProblem));
        await using var other = await WithTwoKeysAsync();
        Assert.Single((await other.Models.ListModelsAsync(new ListModelsRequest { ConfiguredOnly = true })).Models);
        Assert.Empty(other.Sandbox.Requests);
    }

    [Fact]
    public async Task Credential_that_is_set_aside_is_still_a_credential()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Status(429).ForPath("/v1/messages"));
        await fixture.StreamAsync();
        var model = (await fixture.Models.ListModelsAsync(new ListModelsRequest { ConfiguredOnly = true })).Models[0];
        Assert.Equal((false, true), (model.Available, model.HasCredential));
    }

    [Fact]
    public async Task Model_beside_the_allow_list_has_its_providers_credential()
    {
        await using var fixture = await ServerFixture.StartAsync(Configuration);
        await fixture.OnboardAsync();
        var list = await ListAsync(fixture);
        Assert.Equal(
            [("openai/gpt-5.2", false, false), ("anthropic/claude-gone", true, true),
                ("anthropic/claude-fable-5-2", false, true)],
            list.Models.Skip(2).Take(3).Select(model => (model.Model_, model.Available, model.HasCredential)));
    }

    [Fact]
    public async Task Credential_of_another_provider_is_listed_but_serves_nothing()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.WriteProfilesAsync("""
            { "version": 1, "profiles": {
              "anthropic:old": { "type": "token", "provider": "anthropic", "token": "sk-ant-oat01-FAKE-old", "expires": 1 },
              "openai:default": { "type": "api_key", "provider": "OpenAI", "key": "sk-FAKE-openai" } } }
            """);
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl, "agents: { defaults: { imageModel: 'openai/gpt-5.2' } }");
        await fixture.StartServerAsync();
        Assert.Equal(
            [("anthropic/claude-opus-4-6", false, true), ("openai/gpt-5.2", false, true)],
            (await ListAsync(fixture)).Models.Select(model => (model.Model_, model.Available, model.HasCredential)));
    }

    [Fact]
    public async Task Configured_key_is_a_credential()
    {
        await using var fixture = await ServerFixture.StartAsync(
            $"models: {{ providers: {{ anthropic: {{ baseUrl: 'http://127.0.0.1:1', apiKey: '{KeyOne}', models: [] }} }} }}");
        var model = (await fixture.Models.ListModelsAsync(new ListModelsRequest { ConfiguredOnly = true })).Models[0];
        Assert.Equal((true, true), (model.Available, model.HasCredential));
    }

    private static async Task<ListModelsResponse> ListAsync(ServerFixture fixture) =>
        await fixture.Models.ListModelsAsync(new ListModelsRequest());
}
