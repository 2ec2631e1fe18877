using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Requests;

/// <summary>
/// What is decided about a request besides its bytes: headers of the configuration, retention, the rules of versions.
/// </summary>
public class PolicyTests
{
    [Theory]
    [InlineData("""{ "anthropic-beta": "" }""")]
    [InlineData("""{ "Anthropic-Beta": "files-api-2025-04-14" }""")]
    [InlineData("""{ "ANTHROPIC-BETA": "oauth-2025-04-20 , files-api-2025-04-14,," }""")]
    [InlineData("""{ "anthropic-beta": "a-2025-01-01", "Anthropic-Beta": "b-2025-01-01" }""")]
    [InlineData("""{ Authorization: "Bearer other", "X-Api-Key": "other", "anthropic-version": "1999-01-01","""
        + """ "content-type": "text/plain", Host: "elsewhere" }""")]
    [InlineData("""{ accept: "*/*", "user-agent": "own/1", "x-team": "blue" }""")]
    public async Task Configured_headers_never_drop_what_the_request_needs(string headers)
    {
        await using var fixture = await ServerFixture.StartAsync("""agents: { list: [{ id: "main", params: {"""
            + """ cacheOnSubscription: true, cacheRetention: "long" } }] }""", $"headers: {headers}");
        await fixture.OnboardTokenAsync();
        var input = Prompts.Input(with: input => input.Betas.Add("context-1m-2025-08-07"));
        var sent = (await fixture.StreamAsync(input)).Receipt!.Sent;
        var seen = fixture.Sandbox.Requests[0];
        Assert.Superset(
            new HashSet<string> { "oauth-2025-04-20", "extended-cache-ttl-2025-04-11", "context-1m-2025-08-07" },
                seen.Betas.ToHashSet());
        Assert.Superset(Configured(headers), seen.Betas.ToHashSet());
        Assert.Equal(seen.Betas.Distinct(), seen.Betas);
        Assert.Equal(
            ($"Bearer {Token}", null, "2023-06-01", "application/json"),
            (seen.Header(
                "authorization"), seen.Header("x-api-key"), seen.Header("anthropic-version"), seen.Header("content-type")));
        if (headers.Contains("x-team", StringComparison.Ordinal))
            Assert.Equal(("own/1", "blue", "*/*"), (seen.Header("user-agent"), seen.Header("x-team"), seen.Header("accept")));
        Assert.Equal(string.Join(',', seen.Betas), sent.Headers.Single(header => header.Name == "anthropic-beta").Value);
    }

    [Theory]
    [InlineData(CacheRetention.Long, "", false, "LONG call LONG")]
    [InlineData(CacheRetention.None, "cacheRetention: \"long\"", false, "NONE call NONE")]
    [InlineData(CacheRetention.Unspecified, "cacheRetention: \"long\"", false, "LONG agent LONG")]
    [InlineData(CacheRetention.Unspecified, "", false, "SHORT default SHORT")]
    [InlineData(CacheRetention.Long, "", true,
        "LONG call SHORT: subscription credentials ignore cacheRetention (params.cacheOnSubscription applies it)")]
    [InlineData(CacheRetention.None, "", true,
        "NONE call SHORT: subscription credentials ignore cacheRetention (params.cacheOnSubscription applies it)")]
    [InlineData(CacheRetention.Long, "cacheOnSubscription: true", true, "LONG call LONG")]
    public async Task Receipt_gives_asked_and_applied_retention_and_the_reason(
        CacheRetention asked, string parameters, bool isToken, string expected)
    {
        await using var fixture =
            await ServerFixture.StartAsync($$"""agents: { list: [{ id: "main", params: { {{parameters}} } }] }""");
        await (isToken ? fixture.OnboardTokenAsync() : fixture.OnboardAsync());
        var cache = (await fixture.StreamAsync(Prompts.Input(with: input => input.CacheRetention = asked))).Served.Cache;
        var reason = cache.Reason.Length > 0 ? $": {cache.Reason}" : "";
        Assert.Equal(expected, $"{cache.Requested.ToString().ToUpperInvariant()} {cache.RequestedBy} "
            + $"{cache.Applied.ToString().ToUpperInvariant()}{reason}");
        var body = fixture.Sandbox.Requests.Single().BodyText;
        Assert.Equal(
            (cache.Applied != CacheRetention.None, cache.Applied == CacheRetention.Long),
            (body.Contains(
                "cache_control", StringComparison.Ordinal), body.Contains("\"ttl\":\"1h\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_receipt_names_every_breakpoint_that_could_not_be_set()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var input = Prompts.Input(with: input =>
        {
            input.CacheRetention = CacheRetention.Long;
            input.Messages.System.Add(Prompts.Text("Be brief."));
            input.Messages.System[0].CacheControl = new CacheControl();
        });
        var cache = (await fixture.StreamAsync(input)).Served.Cache;
        Assert.Equal((CacheRetention.Long, CacheRetention.None), (cache.Requested, cache.Applied));
        Assert.Equal("messages[0].content[0]: 1h must not come after the caller's own 5m; system[0]: has the caller's own "
            + "breakpoint", cache.Reason);
        Assert.Equal([("system[0]", "5m", true)], cache.Breakpoints.Select(
            breakpoint => (breakpoint.Path, breakpoint.Ttl, breakpoint.FromCaller)));
    }

    public static readonly Dictionary<string, (CompletionInput Input, string Field)> NotOfTheNewVersion = new()
    {
        ["temperature"] = (Prompts.Input(with: input => input.Messages.Temperature = 1), "input.messages.temperature"),
        ["top_p"] = (Prompts.Input(with: input => input.Messages.TopP = 1), "input.messages.top_p"),
        ["top_k"] = (Prompts.Input(with: input => input.Messages.TopK = 1), "input.messages.top_k"),
        ["temperature in extra"] = (Prompts.Input(with: input => input.Messages.ExtraJson = ByteString.CopyFromUtf8(
            """{"temperature":1}""")), "input.messages.temperature"),
        ["temperature as JSON"] =
            (Json("""{"temperature":1,"messages":[{"role":"user","content":"x"}]}"""), "input.messages_json.temperature"),
        ["a document of the assistant"] = (
            Json("""{"messages":[{"role":"user","content":"x"},"""
                + """{"role":"assistant","content":[{"type":"document","source":"""
                + """{"type":"text","media_type":"text/plain","data":"d"}}]},"""
                + """{"role":"user","content":"y"}]}"""),
            "input.messages_json.messages[1].content[0]"),
        ["citations of the user"] = (
            Json("""{"messages":[{"role":"user","content":[{"type":"text","text":"x","citations":"""
                + """[{"type":"char_location"}]}]}]}"""),
            "input.messages_json.messages[0].content[0]"),
    };

    public static TheoryData<string> NewVersionCases => [.. NotOfTheNewVersion.Keys];

    [Theory]
    [MemberData(nameof(NewVersionCases))]
    public async Task Parameter_unsupported_by_the_version_is_refused_unsent(string name)
    {
        var (input, field) = NotOfTheNewVersion[name];
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        input = new CompletionInput(input) { AnthropicVersion = "2026-10-21" };
        Assert.Equal([field], (await fixture.StreamAsync(input)).Failed.Fields);
        Assert.Equal([field], (await fixture.CompleteAsync(input)).Failed.Fields);
        Assert.Equal([field], (await CallFailure.OfAsync(
            async () => await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = input }))).Fields);
        Assert.Equal([field], (await CallFailure.OfAsync(
            async () => await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = input }))).Fields);
        Assert.Empty(fixture.Sandbox.Requests);

        // The default version takes it, or lets upstream judge.
        await fixture.StreamAsync(new CompletionInput(input) { AnthropicVersion = "" });
        Assert.Equal("2023-06-01", Assert.Single(fixture.Sandbox.Requests).Header("anthropic-version"));
    }

    [Theory]
    [InlineData("claude-opus-4-6", "", "0.3")]
    [InlineData("claude-opus-4-6", "\"temperature\":0.7,", "0.7")]
    [InlineData("claude-opus-4-6", "\"thinking\":{\"type\":\"adaptive\"},", null)]
    [InlineData("claude-sonnet-4-6", "", "0.9")]
    [InlineData("claude-opus-5-5", "", null)]
    public async Task Configured_temperature_is_sent_where_allowed_and_is_in_plans(string model, string members, string? sent)
    {
        await using var fixture = await ServerFixture.StartAsync("""
            agents: { defaults: { models: {
              "anthropic/claude-opus-4-6": { params: { temperature: 0.3 } },
                "anthropic/claude-sonnet-4-6": { params: { temperature: 0.9 } },
              "anthropic/claude-opus-5-5": { params: { temperature: 0.3 } } } } }
            """);
        await fixture.OnboardAsync();
        var input = Json($$"""{{{members}}"model":"{{model}}","max_tokens":64,"messages":[{"role":"user","content":"x"}]}""");
        var plan = (await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = input })).Receipt;
        var served = (await fixture.StreamAsync(input)).Served;
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Equal(sent, seen.Json.TryGetProperty("temperature", out var temperature) ? temperature.GetRawText() : null);
        Assert.Equal((seen.Body.Length, seen.Body.Length), ((int)plan.Sent.BodyBytes, (int)served.Sent.BodyBytes));
        Assert.Contains(fixture.Log.All, line => line.Contains("models.anthropic/claude-opus-5-5.params.temperature: Ignored: "
            + "this model takes no temperature", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agents_temperature_wins_and_is_omitted_where_unsupported()
    {
        await using var fixture = await ServerFixture.StartAsync("""
            agents: { list: [{ id: "main", params: { temperature: 0.1 } }],
              defaults: { models: { "anthropic/claude-opus-4-6": { params: { temperature: 0.3 } } } } }
            """);
        await fixture.OnboardAsync();
        await fixture.StreamAsync();
        await fixture.StreamAsync(Prompts.Input(with: input => input.AnthropicVersion = "2026-10-21"));
        Assert.Equal(
            ["0.1", "none"],
            fixture.Sandbox.Requests.Select(
                request => request.Json.TryGetProperty("temperature", out var temperature) ? temperature.GetRawText() : "none"));
    }

    [Fact]
    public async Task Ignored_settings_are_logged_at_start_and_on_reload()
    {
        await using var fixture = await ServerFixture.StartAsync(provider: """headers: { Authorization: "Bearer FAKE" }""");
        var line = Assert.Single(fixture.Log.All, line => line.Contains(
            "headers.Authorization: Ignored: ClawGrpc sets this header itself", StringComparison.Ordinal));
        Assert.Contains($"{fixture.Files.ConfigPath}:3:", line, StringComparison.Ordinal);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, provider: """headers: { "anthropic-version": "FAKE" }""");
        await ServerFixture.EventuallyAsync(() =>
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(
                fixture.Log.All.Any(line => line.Contains("headers.anthropic-version: Ignored", StringComparison.Ordinal)));
        });
        Assert.DoesNotContain(fixture.Log.All, line => line.Contains("FAKE", StringComparison.Ordinal));
    }

    private static HashSet<string> Configured(string headers) =>
        [.. new[] { "files-api-2025-04-14", "a-2025-01-01", "b-2025-01-01" }.Where(
            beta => headers.Contains(beta, StringComparison.Ordinal))];

    private static CompletionInput Json(string json) => new() { MessagesJson = ByteString.CopyFromUtf8(json) };
}
