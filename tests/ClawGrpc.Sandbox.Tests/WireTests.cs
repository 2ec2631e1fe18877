using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class WireTests
{
    private static readonly string[] Streams =
    [
        "{}",
        """{"max_tokens":2}""",
        """{"thinking":{"type":"adaptive"}"""
            + ""","tools":[{"name":"find","input_schema":{"type":"object","properties":{"q":{"type":"string"}}}}]"""
            + ""","messages":[{"role":"user","content":"find it"}]}""",
        """{"tool_choice":{"type":"any"},"tools":[{"name":"find","input_schema":{"type":"object"}}]}""",
    ];

    [Fact]
    public async Task Every_answer_carries_the_headers_of_the_API()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        foreach (var name in new[] { "requests", "tokens", "input-tokens", "output-tokens" })
        {
            foreach (var part in new[] { "limit", "remaining", "reset" })
            {
                Assert.True(response.Headers.Contains($"anthropic-ratelimit-{name}-{part}"));
            }
        }

        Assert.StartsWith("req_01", response.Headers.GetValues("request-id").Single(), StringComparison.Ordinal);
        Assert.Equal(sandbox.Requests[0].RequestId, response.Headers.GetValues("request-id").Single());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Rate_limit_headers_can_be_left_out()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { RateLimitHeaders = false });
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        Assert.DoesNotContain(
            response.Headers, header => header.Key.StartsWith("anthropic-ratelimit", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_subscription_gets_unified_limits_in_unix_seconds()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox = await Sandbox.StartAsync(new() { TimeProvider = clock });
        using var client = new Client(sandbox, key: null);
        using var response = await client.Http.SendAsync(client.Request(
            Client.Body(),
                headers: [("authorization", "Bearer sk-ant-oat01-FAKE-plan"), ("anthropic-beta", "oauth-2025-04-20")]));
        var reset = long.Parse(response.Headers.GetValues(
            "anthropic-ratelimit-unified-5h-reset").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(reset - clock.GetUtcNow().ToUnixTimeSeconds(), 1, 5 * 3600);
        Assert.False(response.Headers.Contains("anthropic-ratelimit-requests-limit"));
    }

    [Fact]
    public async Task An_error_is_the_envelope_with_the_id_of_its_header()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox, "nonsense");
        using var response = await client.SendAsync(Client.Body());
        var id = response.Headers.GetValues("request-id").Single();
        Assert.Equal(
            $$"""{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"{{id}}"}""",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_stream_has_the_grammar_of_the_API()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        foreach (var members in Streams)
        {
            var body = Client.Body(members);
            body["stream"] = true;
            using var response = await client.SendAsync(body);
            Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
            var events = Events.Parse(await response.Content.ReadAsStringAsync());
            Assert.Null(Events.Misorder(events));
            Assert.Contains(events, one => one.Name == "ping");
            Assert.Equal(events[^2].Data.GetProperty("usage").GetProperty("input_tokens").GetInt32(), events[0].Data.GetProperty(
                "message").GetProperty("usage").GetProperty("input_tokens").GetInt32());
        }
    }

    [Fact]
    public async Task Every_shape_in_streams_and_messages_was_recorded()
    {
        var recorded = new HashSet<string>(StringComparer.Ordinal);
        foreach (var recording in Recordings.All.Where(one => one.Status == 200 && one.BodyFile is not null))
        {
            if (recording.BodyFile!.EndsWith(".sse", StringComparison.Ordinal))
            {
                Events.Parse(File.ReadAllText(recording.BodyFile)).ToList()
                    .ForEach(one => AddShape(recorded, one.Name, one.Data));
            }
            else if (recording.Path == "/v1/messages")
            {
                AddShape(recorded, "message", JsonDocument.Parse(recording.Bytes).RootElement);
            }
        }

        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (var members in Streams)
        {
            Events.Parse(await client.StreamAsync(members)).ToList().ForEach(one => AddShape(own, one.Name, one.Data));
            AddShape(own, "message", (await client.PostAsync(Client.Body(members))).Json);
        }

        Assert.Equal([], own.Except(recorded).Where(shape => !shape.Contains(".input.", StringComparison.Ordinal)).Order());
    }

    private static void AddShape(HashSet<string> shapes, string path, JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var kind = json.GetText("type") is { } type ? $"{path}<{type}>" : path;
                json.EnumerateObject().ToList().ForEach(member => AddShape(shapes, $"{kind}.{member.Name}", member.Value));
                break;
            case JsonValueKind.Array:
                json.EnumerateArray().ToList().ForEach(item => AddShape(shapes, path + "[]", item));
                break;
            default:
                shapes.Add($"{path}: {json.ValueKind}");
                break;
        }
    }
}
