using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Tests.Requests;

/// <summary>Requests as upstream saw them, kept as files.</summary>
public class RequestGoldenTests
{
    private const string Headers = """headers: { "X-Team": "blue", "anthropic-beta": "context-1m-2025-08-07,"""
        + """interleaved-thinking-2025-05-14", authorization: "Bearer other" }""";

    private const string WithBreakpoint = """
        { "max_tokens" : 32, "model": "claude-sonnet-4-6",
          "system": [ { "type": "text", "text": "Be\u0020brief.", "cache_control": { "type": "ephemeral", "ttl": "1h" } } ],
          "messages": [ { "role": "user", "content": "Hello" } ], "metadata": {"user_id": "u-1"}  }
        """;

    [Theory]
    [InlineData("api-key", CacheRetention.Unspecified)]
    [InlineData("api-key-none", CacheRetention.None)]
    [InlineData("api-key-short", CacheRetention.Short)]
    [InlineData("api-key-long", CacheRetention.Long)]
    public async Task An_API_key_goes_as_x_api_key_and_caches_as_asked(string name, CacheRetention retention)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StreamAsync(Prompt(retention));
        Golden.Matches($"requests/{name}.txt", OnlyOne(fixture));
    }

    [Theory]
    [InlineData("setup-token", CacheRetention.Unspecified)]
    [InlineData("setup-token-none", CacheRetention.None)]
    [InlineData("setup-token-short", CacheRetention.Short)]
    [InlineData("setup-token-long", CacheRetention.Long)]
    public async Task A_setup_token_goes_as_a_bearer_and_ignores_the_retention(string name, CacheRetention retention)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardTokenAsync();
        await fixture.StreamAsync(Prompt(retention));
        Golden.Matches($"requests/{name}.txt", OnlyOne(fixture));
    }

    [Theory]
    [InlineData("configured-long",
        """agents: { defaults: { models: { "anthropic/claude-opus-4-6": { params: { cacheRetention: "long" } } } } }""")]
    [InlineData("configured-legacy-ttl",
        """agents: { defaults: { models: { "anthropic/claude-opus-4-6": { params: { cacheControlTtl: "1h" } } } } }""")]
    [InlineData("configured-agent-none", """agents: { list: [{ id: "main", params: { cacheRetention: "none" } }] }""")]
    [InlineData("configured-beta-always", """clawgrpc: { extendedCacheTtlBeta: "always" }""")]
    public async Task The_configuration_decides_when_the_call_does_not(string name, string more)
    {
        await using var fixture = await ServerFixture.StartAsync(more);
        await fixture.OnboardAsync();
        await fixture.StreamAsync(Prompt(CacheRetention.Unspecified));
        Golden.Matches($"requests/{name}.txt", OnlyOne(fixture));
    }

    [Fact]
    public async Task A_subscription_caches_as_asked_when_the_operator_says_so()
    {
        await using var fixture =
            await ServerFixture.StartAsync("""agents: { list: [{ id: "main", params: { cacheOnSubscription: true } }] }""");
        await fixture.OnboardTokenAsync();
        await fixture.StreamAsync(Prompt(CacheRetention.Long));
        Golden.Matches("requests/setup-token-cache-on-subscription.txt", OnlyOne(fixture));
    }

    [Fact]
    public async Task Betas_are_a_union_and_no_header_replaces_the_credential()
    {
        await using var fixture = await ServerFixture.StartAsync(provider: Headers);
        await fixture.OnboardTokenAsync();
        var input = Prompt(CacheRetention.Unspecified);
        input.Betas.Add(["interleaved-thinking-2025-05-14", "files-api-2025-04-14"]);
        input.AnthropicVersion = "2026-10-21";
        await fixture.StreamAsync(input);
        Golden.Matches("requests/headers-merged.txt", OnlyOne(fixture));
    }

    [Fact]
    public async Task Callers_breakpoints_and_JSON_requests_are_sent_unchanged()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        await fixture.StreamAsync(new CompletionInput
        {
            MessagesJson = ByteString.CopyFromUtf8(WithBreakpoint),
        });
        Golden.Matches("requests/messages-json.txt", OnlyOne(fixture));
    }

    [Fact]
    public async Task The_body_is_byte_for_byte_the_same_whichever_key_serves()
    {
        await using var fixture = await Credentials.WithTwoKeysAsync();
        fixture.Sandbox.Script(Faults.Status(500).ForKey(Credentials.KeyOne));
        await fixture.StreamAsync(Prompt(CacheRetention.Long));
        var bodies = fixture.Sandbox.Requests.Select(request => Encoding.UTF8.GetString(request.Body.Span)).ToList();
        Assert.Equal(2, bodies.Count);
        Assert.Equal(bodies[0], bodies[1]);
    }

    [Fact]
    public async Task Receipt_shows_sent_headers_with_secrets_masked()
    {
        await using var fixture =
            await ServerFixture.StartAsync(provider: """headers: { "x-proxy-token": "FAKE-proxy-secret-000001" }""");
        await fixture.OnboardAsync();
        var sent = (await fixture.StreamAsync(Prompt(CacheRetention.Long))).Served.Sent;
        var seen = fixture.Sandbox.Requests.Single();
        var secrets = new Dictionary<string,
            string>
        { ["x-api-key"] = "sk-ant-a...00000001", ["x-proxy-token"] = "FAKE-pro...t-000001" };
        Assert.All(sent.Headers, header => Assert.Equal(
            secrets.GetValueOrDefault(header.Name) ?? seen.Header(header.Name), header.Value));
        Assert.Equal(
            seen.Headers.Select(header => header.Key.ToLowerInvariant()).Except(["host", "content-length"])
                .Order(), sent.Headers.Select(header => header.Name).Order());
        Assert.Equal(($"{fixture.Sandbox.BaseUrl}/v1/messages", seen.Body.Length), (sent.Url, sent.BodyBytes));
    }

    [Theory]
    [InlineData("x-team", "blue-team-of-berlin")]
    [InlineData("x-portkey-config", "pc-my-cfg-12345")]
    [InlineData("cf-access-client-id", "0123456789abcdef0123456789abcdef.access")]
    [InlineData("user-agent", "own-program/7 (license 0123456789)")]
    [InlineData("x-tenant", "Bearer short-one")]
    public async Task Configured_header_shows_its_name_and_no_value(string name, string value)
    {
        await using var fixture = await ServerFixture.StartAsync(provider: $"headers: {{ '{name}': '{value}' }}");
        await fixture.OnboardAsync();
        var plan = (await fixture.Models.PlanCompletionAsync(new PlanCompletionRequest { Input = Prompts.Input() })).Receipt;
        var served = (await fixture.StreamAsync()).Receipt!;
        fixture.Sandbox.Script(Faults.Status(400, $"no good: {value}"));
        var failed = (await fixture.StreamAsync()).Failed;
        foreach (var receipt in new[] { plan, served, failed.Receipt! })
        {
            Assert.DoesNotContain(value, receipt.ToString(), StringComparison.Ordinal);
            Assert.Contains("...", receipt.Sent.Headers.Single(header => header.Name == name).Value, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(value, failed.Message, StringComparison.Ordinal);
        Assert.All(fixture.Sandbox.Requests, request => Assert.Equal(value, request.Header(name)));
    }

    private static CompletionInput Prompt(CacheRetention retention) => Prompts.Input("Hello", input =>
    {
        input.CacheRetention = retention;
        input.Messages.System.Add(Prompts.Text("Be brief."));
        var weather = new CustomTool
        {
            Name = "weather",
            InputSchemaJson = ByteString.CopyFromUtf8(
            """{"type":"object","properties":{}}""")
        };
        input.Messages.Tools.Add(new Tool { Custom = weather });
    });

    private static string OnlyOne(ServerFixture fixture)
    {
        var seen = Assert.Single(fixture.Sandbox.Requests);
        Assert.Single(seen.Headers, header => header.Key.ToLowerInvariant() is "x-api-key" or "authorization");
        return RequestText.Of(seen);
    }
}
