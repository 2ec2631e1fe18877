using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>What comes from a client goes to Anthropic as it is, and what comes back goes to the client as it is.</summary>
public class RelayTests
{
    private const string Events = "200 OK\ncontent-type: text/event-stream\nrequest-id: req_up\nset-cookie: a=b\n"
        + "anthropic-ratelimit-requests-remaining: 7\nanthropic-organization-id: org";

    private static readonly byte[] Stream = Encoding.UTF8.GetBytes("""
        : a comment
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","content":[],"usage":{"input_tokens":3,"output_tokens":1},"x": 1}}

        event: ping
        data: {"type": "ping"}

        event: novel
        data: {"type":"novel","x":"é"}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}   }

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi \ud83d\ude00"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}

        event: message_stop
        data: {"type":"message_stop"}


        """);

    [Fact]
    public async Task Stream_is_relayed_byte_for_byte_without_what_is_of_the_credential()
    {
        await using var upstream = RawUpstream.Of(RawUpstream.Answer(Events, Stream));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var answer = await fixture.PostAsync(MessagesOverHttp.StreamBody);
        Assert.True(answer.Status == 200, answer.Body);
        Assert.Equal(Encoding.UTF8.GetString(Stream), answer.Body);
        Assert.Equal("text/event-stream; charset=utf-8", answer.Headers["content-type"]);
        Assert.Equal(("req_up", "1", "no-cache"), (
            answer.Headers["request-id"], answer.Headers["x-clawgrpc-attempts"], answer.Headers["cache-control"]));
        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase)
            || name is "set-cookie" or "Set-Cookie" or "Server");
    }

    [Theory]
    [InlineData("x-clawgrpc-cache-retention", "none")]
    [InlineData("X-ClawGrpc-Cache-Retention", "none")]
    public async Task Body_and_headers_of_the_client_go_upstream_and_nothing_else_of_it(string name, string value)
    {
        RawRequest? seen = null;
        await using var upstream = RawUpstream.Of(request =>
        {
            seen = request;
            return RawUpstream.Answer(Events, Stream);
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var body = """
            {"model": "claude-sonnet-4-6" , "stream":true, "max_tokens":64,  "system":[{"type":"text","text":"x-anthropic-b: a"}],
            "messages":[{"role":"user","content":"Hé"}],"novel":{"a":[1, 2]}}
            """;
        var answer = await fixture.PostAsync(
            body, (name, value), ("anthropic-beta", "novel-beta-2027-01-01, context-1m-2025-08-07,oauth-2025-04-20"),
            ("anthropic-novel", "yes"), ("connection", "anthropic-hop"), ("anthropic-hop", "1"), ("cookie", "c=1"),
            ("x-app", "cli"), ("x-stainless-os", "Linux"),
            ("traceparent", "00-1"),
            ("x-claude-code-session-id", "s"), ("anthropic-dangerous-direct-browser-access", "true"),
            ("x-forwarded-for", "1.2.3.4"), ("user-agent", "claude-cli/2"), ("x-litellm-key", "k"));
        Assert.Equal(200, answer.Status);
        Assert.Equal(body, seen!.Body);
        var sent = seen.Head.Split("\r\n").Skip(1).Where(line => line.Contains(':'))
            .Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0].ToLowerInvariant(), parts => parts[1].Trim());
        Assert.Equal("novel-beta-2027-01-01,context-1m-2025-08-07", sent["anthropic-beta"]);
        Assert.Equal("yes", sent["anthropic-novel"]);
        Assert.StartsWith("ClawGrpc/", sent["user-agent"], StringComparison.Ordinal);
        Assert.Equal(
            [
                "accept", "anthropic-beta", "anthropic-novel", "anthropic-version", "content-length", "content-type", "host",
                "user-agent", "x-api-key",
            ],
            sent.Keys.Where(key => key != "accept-encoding").Order());
    }

    [Fact]
    public async Task Whole_answer_is_JSON()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = await fixture.PostAsync(MessagesOverHttp.Body);
        Assert.Equal((200, "application/json"), (answer.Status, answer.Headers["content-type"]));
        Assert.Contains("\"type\":\"message\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"stop_reason\":\"end_turn\"", answer.Body, StringComparison.Ordinal);
        var streamed = await fixture.PostAsync(MessagesOverHttp.StreamBody);
        Assert.StartsWith("event: message_start", streamed.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum")]
    [InlineData(413, "request_too_large", "Request exceeds the maximum size")]
    [InlineData(422, "invalid_request_error", "no")]
    public async Task What_Anthropic_says_of_the_request_comes_back_byte_for_byte(int status, string type, string message)
    {
        var error = $$"""{"type": "{{type}}",  "message": "{{message}}", "x":1 }""";
        var body = $$"""{"type": "error", "error": {{error}},"request_id":"req_9"}""";
        await using var upstream = RawUpstream.Of(
            RawUpstream.Answer(
                $"{status} No\ncontent-type: application/json\nrequest-id: req_9", Encoding.UTF8.GetBytes(body)));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        foreach (var request in new[] { MessagesOverHttp.Body, MessagesOverHttp.StreamBody })
        {
            var answer = await fixture.PostAsync(request);
            Assert.Equal((status, body, "req_9"), (answer.Status, answer.Body, answer.Headers["request-id"]));
        }
    }

    [Fact]
    public async Task Caller_that_leaves_takes_its_request_along()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        fixture.Sandbox.Script(Faults.Stall(6).Forever());
        using var http = fixture.NewHttp();
        using var leaving = new CancellationTokenSource();
        using (var response = await http.SendAsync(
            MessagesOverHttp.Request(MessagesOverHttp.StreamBody), HttpCompletionOption.ResponseHeadersRead, leaving.Token))
        {
            Assert.Equal(200, (int)response.StatusCode);
        }

        await fixture.Sandbox.WaitForAbortsAsync(1);
    }

    [Fact]
    public async Task Answer_that_breaks_off_ends_with_an_error_event()
    {
        var half = Stream[..(Encoding.UTF8.GetString(Stream).IndexOf("event: content_block_stop", StringComparison.Ordinal) + 1)];
        await using var upstream = RawUpstream.Of(RawUpstream.Answer(Events, half));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var answer = await fixture.PostAsync(MessagesOverHttp.StreamBody);
        Assert.Equal(200, answer.Status);
        Assert.Contains(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("message_stop", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Count_of_tokens_and_list_of_models()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        using var http = fixture.NewHttp();
        using var counted = await http.SendAsync(
            MessagesOverHttp.Request(MessagesOverHttp.Body, "/anthropic/v1/messages/count_tokens"));
        Assert.Matches("""^\{"input_tokens":[0-9]+\}$""", await counted.Content.ReadAsStringAsync());
        using var listed = await http.GetAsync("/v1/models?limit=1000");
        var models = System.Text.Json.JsonDocument.Parse(await listed.Content.ReadAsStringAsync()).RootElement;
        Assert.Contains(
            models.GetProperty("data").EnumerateArray(), model => model.GetProperty("id").GetString() == "claude-sonnet-4-6");
        Assert.False(models.GetProperty("has_more").GetBoolean());
        using var one = await http.GetAsync("/v1/models/claude-sonnet-4-6");
        Assert.Equal(200, (int)one.StatusCode);
        using var none = await http.GetAsync("/v1/models/claude-none");
        Assert.Equal(404, (int)none.StatusCode);
    }
}
