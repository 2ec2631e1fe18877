namespace ClawGrpc.Testing.Tests;

public class FaultMatchTests
{
    [Fact]
    public async Task Faults_are_taken_in_their_order_one_for_each_request()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { Faults = [Faults.Status(529).Times(2)] });
        sandbox.Script(Faults.Status(500));
        using var client = new Client(sandbox);
        Assert.Equal("529 529 500 200", await StatusesAsync(client, 4));
        Assert.Equal([529, 529, 500, 200], sandbox.Requests.Select(request => request.Status));
    }

    [Fact]
    public async Task A_fault_can_last_until_the_script_is_cleared()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Status(500).Forever());
        using var client = new Client(sandbox);
        Assert.Equal("500 500 500", await StatusesAsync(client, 3));
        sandbox.ClearScript();
        Assert.Equal("200", await StatusesAsync(client, 1));
    }

    [Fact]
    public async Task A_fault_takes_only_what_it_matches()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(
            Faults.Status(401).ForKey("sk-ant-api03-FAKE-bad").Forever(),
            Faults.Status(402).For(new() { KeyPrefix = "sk-ant-api03-FAKE-poor" }).Forever(),
            Faults.Status(403).ForModel("claude-opus-4-6").Forever(),
            Faults.Status(503).For(new() { Stream = true }).Forever(),
            Faults.Status(504).ForPath("/v1/messages/count_tokens").Forever());
        using var good = new Client(sandbox);
        using var bad = new Client(sandbox, "sk-ant-api03-FAKE-bad");
        using var poor = new Client(sandbox, "sk-ant-api03-FAKE-poor-1");
        Assert.Equal("200", await StatusesAsync(good, 1));
        Assert.Equal("401", await StatusesAsync(bad, 1));
        Assert.Equal("402", await StatusesAsync(poor, 1));
        Assert.Equal(403, (await good.PostAsync(Client.Body("""{"model":"claude-opus-4-6"}"""))).Status);
        Assert.Equal(503, (await good.PostAsync(Client.Body("""{"stream":true}"""))).Status);
        Assert.Equal(504, (await good.PostAsync(Client.Body("""{"max_tokens":null}"""), "/v1/messages/count_tokens")).Status);
    }

    [Fact]
    public async Task A_fault_can_wait_for_its_request()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Script(Faults.Status(529).For(new() { Nth = 1 }), Faults.Status(500).For(new() { Nth = 3 }));
        using var client = new Client(sandbox);
        Assert.Equal("529 200 500 200", await StatusesAsync(client, 4));
    }

    [Fact]
    public async Task A_fault_that_cannot_be_carried_out_is_refused()
    {
        await using var sandbox = await Sandbox.StartAsync();
        Assert.Throws<ArgumentException>(() => sandbox.Script(Faults.Cut(1) with { End = new(1) }));
        Assert.Throws<ArgumentException>(() => sandbox.Script(Faults.Drop() with { StallBeforeHeaders = true }));
        Assert.Throws<ArgumentException>(() => sandbox.Script(Faults.Status(500).Times(0)));
        Assert.Throws<ArgumentException>(() => sandbox.Script(new Fault { Replay = new() }));
        Assert.Throws<ArgumentException>(() => sandbox.Script(new Fault { Replay = new() { File = "does-not-exist.sse" } }));
        Assert.Equal(0, sandbox.FaultsLeft);
    }

    private static async Task<string> StatusesAsync(Client client, int count)
    {
        var statuses = new List<int>();
        for (var i = 0; i < count; i++)
        {
            statuses.Add((await client.PostAsync(Client.Body())).Status);
        }

        return string.Join(' ', statuses);
    }
}
