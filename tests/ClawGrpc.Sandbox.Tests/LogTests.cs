using System.Text;

namespace ClawGrpc.Testing.Tests;

public class LogTests
{
    [Fact]
    public async Task A_request_is_kept_as_it_came()
    {
        var clock = new ManualTimeProvider();
        await using var sandbox = await Sandbox.StartAsync(new() { TimeProvider = clock });
        using var client = new Client(sandbox);
        using var request = client.Request(Client.Body(), "/v1/messages?beta=true",
            ("anthropic-beta", "context-1m-2025-08-07,files-api-2025-04-14"), ("x-custom", "a, b"));
        const string Body = """{ "model" : "claude-sonnet-4-6", "max_tokens":5,"""
            + """ "messages":[{"role":"user","content":"\u00e9 “”"}] }""";
        request.Content = new StringContent(Body, Encoding.UTF8, "application/json");
        (await client.Http.SendAsync(request)).Dispose();

        var seen = Assert.Single(sandbox.Requests);
        Assert.Equal(Outcome.Answered, await seen.Finished);
        Assert.Equal(("POST", "/v1/messages", "?beta=true"), (seen.Method, seen.Path, seen.Query));
        Assert.Equal(Body, seen.BodyText);
        Assert.Equal(Client.Key, seen.Header("X-Api-Key"));
        Assert.Equal("a, b", seen.Header("x-custom"));
        Assert.Equal(["context-1m-2025-08-07", "files-api-2025-04-14"], seen.Betas);
        Assert.Equal((clock.GetUtcNow(), clock.GetUtcNow()), (seen.ReceivedAt, seen.EndedAt));
        Assert.Null(seen.AbortedAt);
    }

    [Fact]
    public async Task Many_clients_that_leave_are_all_noticed()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Stall(4).Forever());
        using var client = new Client(sandbox);
        using var leaving = new CancellationTokenSource();
        var responses = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(_ => client.SendAsync(Client.Body("""{"stream":true}"""))));
        Assert.Equal(200, sandbox.OpenConnections);
        foreach (var response in responses)
        {
            response.Dispose();
        }

        var aborted = await sandbox.WaitForAbortsAsync(200);
        Assert.All(aborted, request => Assert.Equal(Outcome.Aborted, request.Outcome));
        Assert.Equal(200, sandbox.ConnectionsMade);
    }

    [Fact]
    public async Task A_client_that_stops_reading_holds_the_answer_back()
    {
        await using var sandbox = await Sandbox.StartAsync();
        var filling = Encoding.UTF8.GetBytes($"event: ping\ndata: {{\"pad\":\"{new string('x', 100_000)}\"}}\n\n");
        sandbox.Script(Faults.Replay(Enumerable.Repeat(filling, 400).SelectMany(part => part).ToArray()));
        using var client = new Client(sandbox);
        var response = await client.SendAsync(Client.Body());
        var seen = (await sandbox.WaitForRequestsAsync(1))[0];
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1000]);
        // 40 MB do not fit into any socket buffer.
        Assert.Equal(Outcome.Open, seen.Outcome);
        Assert.InRange(seen.BytesSent, 0, 20_000_000);
        response.Dispose();
        Assert.Equal(Outcome.Aborted, await seen.Finished.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Stopping_ends_what_is_still_open()
    {
        var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.StallBeforeHeaders());
        using var client = new Client(sandbox);
        var waiting = client.SendAsync(Client.Body());
        var seen = (await sandbox.WaitForRequestsAsync(1))[0];
        await sandbox.DisposeAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
        Assert.Equal(Outcome.Stopped, await seen.Finished);
    }

    [Fact]
    public async Task The_log_keeps_only_so_many()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { KeepRequests = 2 });
        using var client = new Client(sandbox);
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync(Client.Body());
        }

        Assert.Equal([1, 2], sandbox.Requests.Select(request => request.Index));
        sandbox.ClearRequests();
        Assert.Empty(sandbox.Requests);
    }
}
