using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class FaultTests
{
    [Fact]
    public async Task A_status_comes_with_its_envelope_and_headers_once()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Status(429, retryAfter: "7"));
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal(429, (int)response.StatusCode);
        Assert.Equal("7", response.Headers.GetValues("retry-after").Single());
        Assert.Equal("true", response.Headers.GetValues("x-should-retry").Single());
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal("rate_limit_error", error.GetProperty("type").GetString());
        Assert.Equal(200, (await client.PostAsync(Client.Body())).Status);
        Assert.Equal(0, sandbox.FaultsLeft);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("<html>no</html>", "text/html; charset=UTF-8")]
    [InlineData("upstream connect error", "text/plain; charset=utf-8")]
    public async Task A_body_can_be_anything(string text, string? contentType)
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(new Fault { Status = new() { Code = 502, Text = text } });
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal(502, (int)response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.ContentType?.ToString());
        Assert.Equal(text, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_used_up_plan_says_when_it_ends()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.PlanExhausted(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), "seven_day"));
        using var client = new Client(sandbox);
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal(429, (int)response.StatusCode);
        Assert.Equal("1800000000", response.Headers.GetValues("anthropic-ratelimit-unified-7d-reset").Single());
        Assert.Equal("rejected", response.Headers.GetValues("anthropic-ratelimit-unified-status").Single());
    }

    [Fact]
    public async Task A_drop_closes_without_an_answer()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Drop().Times(2));
        // A new connection each: a client may try again by itself when a kept one turns out to be dead.
        using var client = new Client(sandbox);
        client.Http.DefaultRequestHeaders.ConnectionClose = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(Client.Body()));
        var seen = (await sandbox.WaitForRequestsAsync(1))[0];
        Assert.Equal(Outcome.Broken, await seen.Finished);
        Assert.Equal(0, seen.Status);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "message_start")]
    [InlineData(5, "message_start,content_block_start,ping,content_block_delta,content_block_delta")]
    public async Task A_cut_delivers_its_events_and_then_breaks(int events, string names)
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Cut(events));
        using var client = new Client(sandbox);
        var (received, error) = await ReceiveAsync(client);
        Assert.Equal(names, string.Join(',', Events.Names(received)));
        Assert.IsType<HttpIOException>(error);
        Assert.Equal((Outcome.Broken, events, 200),
            (await sandbox.Requests[0].Finished, sandbox.Requests[0].EventsSent, sandbox.Requests[0].Status));
    }

    [Fact]
    public async Task A_cut_can_fall_into_an_event()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(new Fault { Cut = new(AfterBytes: 700) });
        using var client = new Client(sandbox);
        var (received, error) = await ReceiveAsync(client);
        Assert.Equal(700, System.Text.Encoding.UTF8.GetByteCount(received));
        Assert.IsType<HttpIOException>(error);
    }

    [Fact]
    public async Task An_end_is_clean_but_early()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.End(4));
        using var client = new Client(sandbox);
        Assert.Equal(
            ["message_start", "content_block_start", "ping", "content_block_delta"], Events.Names(await client.StreamAsync()));
        Assert.Equal(Outcome.Answered, await sandbox.Requests[0].Finished);
    }

    [Theory]
    [InlineData(0, "error")]
    [InlineData(1, "message_start,error")]
    [InlineData(4, "message_start,content_block_start,ping,content_block_delta,error")]
    public async Task An_error_inside_a_stream_is_its_last_event(int events, string names)
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.OverloadedInStream(events));
        using var client = new Client(sandbox);
        var stream = await client.StreamAsync();
        Assert.Equal(names, string.Join(',', Events.Names(stream)));
        Assert.Equal("overloaded_error", Events.Parse(stream)[^1].Data.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Stream_error_becomes_a_status_in_a_whole_answer()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.OverloadedInStream());
        using var client = new Client(sandbox);
        Assert.Equal(529, (await client.PostAsync(Client.Body())).Status);
    }

    [Fact]
    public async Task A_stall_lasts_until_the_client_leaves()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Stall(3), Faults.StallBeforeHeaders());
        using var client = new Client(sandbox);
        var body = Client.Body("""{"stream":true}""");

        var response = await client.SendAsync(body);
        var stream = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var line = await stream.ReadLineAsync(); line != "event: ping"; line = await stream.ReadLineAsync())
        {
            Assert.NotNull(line);
        }

        Assert.Equal(Outcome.Open, sandbox.Requests[0].Outcome);
        response.Dispose();
        var aborted = Assert.Single(await sandbox.WaitForAbortsAsync(1));
        Assert.NotNull(aborted.AbortedAt);
        Assert.Equal(3, aborted.EventsSent);

        using var leaving = new CancellationTokenSource();
        var waiting = client.SendAsync(body, leaving.Token);
        await sandbox.WaitForRequestsAsync(2);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, (await sandbox.WaitForAbortsAsync(2))[1].Status);
    }

    [Fact]
    public async Task Slowness_keeps_to_the_clock_of_the_sandbox()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox = await Sandbox.StartAsync(new() { TimeProvider = clock });
        sandbox.Script(new Fault { Slow = new(BeforeHeadersMs: 100, BeforeFirstEventMs: 200, PerEventMs: 10), End = new(3) });
        using var client = new Client(sandbox);
        var start = clock.GetUtcNow();
        var sending = client.SendAsync(Client.Body("""{"stream":true}"""));
        foreach (var (pause, status, events) in new[] { (100, 0, 0), (200, 200, 0), (10, 200, 1), (10, 200, 2) })
        {
            await clock.WaitForTimerAsync();
            var seen = sandbox.Requests[0];
            Assert.Equal((status, events), (seen.Status, seen.EventsSent));
            clock.Advance(TimeSpan.FromMilliseconds(pause));
        }

        using var response = await sending;
        Assert.Equal(3, Events.Names(await response.Content.ReadAsStringAsync()).Count);
        Assert.Equal(TimeSpan.FromMilliseconds(320), sandbox.Requests[0].EndedAt - start);
    }

    [Fact]
    public async Task A_malformed_event_is_one_of_many()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(new Fault { Malformed = new(AfterEvents: 3) });
        using var client = new Client(sandbox);
        var blocks = (await client.StreamAsync()).Split("\n\n");
        Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(blocks[3].Split("data: ").ElementAtOrDefault(1) ?? "{"));
        Assert.StartsWith("event: message_stop", blocks[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_without_a_stream_breaks_in_its_middle()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Cut(1), Faults.End(1), new Fault { Malformed = new() });
        using var client = new Client(sandbox);
        using var cut = await client.SendAsync(Client.Body());
        await Assert.ThrowsAsync<HttpIOException>(
            async () => await (await cut.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null));
        for (var i = 0; i < 2; i++)
        {
            using var half = await client.SendAsync(Client.Body());
            var text = await half.Content.ReadAsStringAsync();
            Assert.StartsWith("{\"model\"", text, StringComparison.Ordinal);
            Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(text));
        }
    }

    private static async Task<(string Received, Exception? Error)> ReceiveAsync(Client client)
    {
        using var response = await client.SendAsync(Client.Body("""{"stream":true}"""));
        await using var stream = await response.Content.ReadAsStreamAsync();
        using var received = new MemoryStream();
        var error = await Record.ExceptionAsync(() => stream.CopyToAsync(received));
        return (System.Text.Encoding.UTF8.GetString(received.ToArray()), error);
    }
}
