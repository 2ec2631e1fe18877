using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class BenchTests
{
    [Theory]
    [InlineData("bench:5:0:8", 5, 8)]
    [InlineData("bench:3:1000:4", 3, 4)]
    [InlineData("bench:1:1000", 1, 16)]
    [InlineData("bench:30", 30, 16)]
    [InlineData("hello", 100, 16)]
    public async Task A_stream_has_the_events_that_its_request_asks_for(string prompt, int deltas, int size)
    {
        await using var sandbox = await Sandbox.StartAsync(new() { Bench = true });
        using var client = new Client(sandbox, key: null);
        using var response = await client.SendAsync(
            Client.Body($$"""{"stream":true,"messages":[{"role":"user","content":"{{prompt}}"}]}"""));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var stream = await response.Content.ReadAsStringAsync();
        Assert.Null(Events.Misorder(Events.Parse(stream)));
        Assert.Equal(new string('x', deltas * size), Events.Joined(stream, "text_delta", "text"));
        Assert.Equal(deltas, Events.Names(stream).Count(name => name == "content_block_delta"));
        Assert.Empty(sandbox.Requests);
    }

    [Fact]
    public async Task Header_sets_it_too_and_message_comes_whole()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { Bench = true });
        using var client = new Client(sandbox);
        using var stream = await client.Http.SendAsync(
            client.Request(Client.Body("""{"stream":true}"""), headers: ("x-sandbox-bench", "bench:2:0:3")));
        Assert.Equal("xxxxxx", Events.Joined(await stream.Content.ReadAsStringAsync(), "text_delta", "text"));

        using var request = client.Request(Client.Body());
        // A body in many pieces: the whole of it is looked at.
        var body = Client.Body($$$"""{"system":"{{{new string('y', 100_000)}}}","metadata":{"user_id":"bench:1:0:200"}}""");
        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var message = await client.Http.SendAsync(request);
        var text = JsonDocument.Parse(await message.Content.ReadAsStringAsync()).RootElement.GetProperty("content")[0]
            .GetText("text");
        Assert.Equal(200, text!.Length);
    }
}
