using System.Text.Json.Nodes;

namespace ClawGrpc.Testing.Tests;

public class ValidationTests
{
    private const string Five =
        """[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},"""
            + """{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},"""
            + """{"type":"text","text":"c","cache_control":{"type":"ephemeral"}},"""
            + """{"type":"text","text":"d","cache_control":{"type":"ephemeral"}},"""
            + """{"type":"text","text":"e","cache_control":{"type":"ephemeral"}}]""";

    private const string OrderText =
        "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
            + "block. "
        + "Note that blocks are processed in the following order: `tools`, `system`, `messages`.";

    /// <summary>Members laid over a good body, and the text of the refusal; null when it is good.</summary>
    public static TheoryData<string, string?> Bodies => new()
    {
        { "{}", null },
        { """{"model":null}""", "model: Field required" },
        { """{"max_tokens":null}""", "max_tokens: Field required" },
        { """{"messages":null}""", "messages: Field required" },
        { """{"max_tokens":"64"}""", "max_tokens: Input should be a valid integer" },
        { """{"x":1}""", "x: Extra inputs are not permitted" },
        { """{"mcp_servers":[]}""", "mcp_servers: Extra inputs are not permitted" },
        { """{"messages":[]}""", "messages: at least one message is required" },
        { """{"messages":["hello"]}""", "messages.0: Input does not match the expected shape." },
        { """{"messages":[{"role":"robot","content":"a"}]}""",
            "messages.0.role: Input should be 'user', 'assistant' or 'system'" },
        { """{"messages":[{"role":"user"}]}""", "messages.0.content: Field required" },
        { """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""",
            "This model does not support assistant message prefill. The conversation must end with a user message." },
        { """{"model":"claude-haiku-4-5","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""",
            null },
        { """{"max_tokens":-1}""", "max_tokens: Input should be greater than or equal to 0" },
        { """{"max_tokens":128001}""",
            "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-4-6" },
        { """{"max_tokens":0}""", null },
        { """{"max_tokens":0,"stream":true}""", "max_tokens: 0 is not supported with `stream`" },
        { """{"thinking":{"type":"enabled"}}""", "thinking.enabled.budget_tokens: Field required" },
        { """{"thinking":{"type":"enabled","budget_tokens":1000},"max_tokens":5000}""",
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024" },
        { """{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":2000}""", "`max_tokens` must be greater than "
            + "`thinking.budget_tokens`. Please consult our documentation at "
            + "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size" },
        { """{"thinking":{"type":"enabled","budget_tokens":2000},"max_tokens":2001}""", null },
        { """{"temperature":0.5}""", null },
        { """{"temperature":1.5}""", "temperature: range: 0..1" },
        { """{"model":"claude-opus-4-8","temperature":0.5}""", "`temperature` is deprecated for this model." },
        { """{"model":"claude-opus-4-8","temperature":1,"top_p":0.99}""", null },
        { """{"model":"claude-opus-4-8","top_k":5}""", "`top_k` is deprecated for this model." },
        { """{"tool_choice":{"type":"tool","name":"nope"},"tools":[]}""", "Tool 'nope' not found in provided tools" },
        { """{"model":"claude-opus-5-5","tool_choice":{"type":"any"},"tools":[{"name":"a","input_schema":{"type":"object"}}]}""",
            "Thinking may not be enabled when tool_choice forces tool use." },
        { $$"""{"system":{{Five}}}""", "A maximum of 4 blocks with cache_control may be provided. Found 5." },
        { """{"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]"""
            + ""","messages":[{"role":"user","content":[{"type":"text","text":"b","""
            + """ "cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}""", OrderText },
        { """{"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]"""
            + ""","messages":[{"role":"user","content":[{"type":"text","text":"b","""
            + """ "cache_control":{"type":"ephemeral"}}]}]}""", null },
        { """{"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]"""
            + ""","cache_control":{"type":"ephemeral","ttl":"1h"}}""", OrderText },
        { """{"messages":[{"role":"user","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]}]"""
            + ""","cache_control":{"type":"ephemeral","ttl":"1h"}}""", "cache_control.ttl: the last block already has a "
            + "cache_control with another ttl (messages.0.content.0)" },
        { """{"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"2h"}}]}""",
            "system.0.cache_control.ephemeral.ttl: Input should be '5m' or '1h'" },
        { """{"system":[{"type":"text","text":"","cache_control":{"type":"ephemeral"}}]}""",
            "system.0.text: cache_control cannot be set for empty text blocks" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_is_taken_or_refused_as_the_API_does(string members, string? message)
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body(members));
        Assert.Equal(message is null ? 200 : 400, (int)response.StatusCode);
        if (message is not null)
        {
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal("invalid_request_error", (string?)error["type"]);
            Assert.Equal(message, (string?)error["message"]);
        }
    }

    [Theory]
    [InlineData("anthropic-version", "2023-06-01", "{}", 200, null)]
    [InlineData("anthropic-version", "2026-10-21", "{}", 200, null)]
    [InlineData("anthropic-version", "2026-10-21", """{"top_k":5}""", 400, "top_k: Extra inputs are not permitted")]
    [InlineData("anthropic-version", "2024-01-01", "{}", 400, "anthropic-version: \"2024-01-01\" is not a valid version")]
    [InlineData("anthropic-version", "", "{}", 400, "anthropic-version: \"\" is not a valid version")]
    [InlineData("anthropic-beta", "extended-cache-ttl-2025-04-11,context-1m-2025-08-07", "{}", 200, null)]
    [InlineData("anthropic-beta", "mcp-client-2025-11-20", """{"mcp_servers":[]}""", 200, null)]
    [InlineData("anthropic-beta", "made-up-2026-01-01", "{}", 400, "Unexpected value(s) `made-up-2026-01-01` for the "
        + "`anthropic-beta` header. Please consult our documentation at docs.claude.com or try again without the header.")]
    public async Task A_header_is_taken_or_refused_as_the_API_does(
        string name, string value, string members, int status, string? message)
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (answered, json) = await client.PostAsync(Client.Body(members), headers: (name, value));
        Assert.Equal(status, answered);
        Assert.Equal(message, status == 200 ? null : json.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task An_unknown_model_and_an_unknown_path_are_not_found()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (status, json) = await client.PostAsync(Client.Body("""{"model":"claude-does-not-exist"}"""));
        Assert.Equal(404, status);
        Assert.Equal("model: claude-does-not-exist", json.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(404, (await client.PostAsync(Client.Body(), "/v1/nothing")).Status);
    }

    [Fact]
    public async Task A_body_over_32_megabytes_is_too_large()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var filling = new string('x', 32 * 1024 * 1024);
        var (status, json) = await client.PostAsync(Client.Body($$"""{"system":"{{filling}}"}"""));
        Assert.Equal(413, status);
        Assert.Equal("request_too_large", json.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_window_is_too_long()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var filling = new string('x', 900_000);
        var (status, json) = await client.PostAsync(Client.Body($$"""{"model":"claude-haiku-4-5","system":"{{filling}}"}"""));
        Assert.Equal(400, status);
        Assert.Equal(
            "prompt is too long: 225006 tokens > 200000 maximum", json.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task What_is_not_JSON_is_refused()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        using var request = client.Request(Client.Body());
        request.Content = new StringContent("{\"model\":");
        using var response = await client.Http.SendAsync(request);
        Assert.Equal(400, (int)response.StatusCode);
    }
}
