namespace ClawGrpc.Testing.Tests;

public class SmokeTests
{
    [Fact]
    public async Task It_answers()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        var (status, json) = await client.PostAsync(Client.Body());
        Assert.Equal(200, status);
        Assert.Equal("end_turn", json.GetProperty("stop_reason").GetString());
        Assert.Equal(Client.Key, Assert.Single(sandbox.Requests).Credential);
    }
}
