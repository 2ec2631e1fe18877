using System.Text;
using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class ControlTests
{
    [Fact]
    public async Task Faults_come_and_go_over_HTTP()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        Assert.Equal(
            204, await CallAsync(client, "POST", "/_sandbox/faults", """[{"status":{"code":529}},{"status":{"code":500}}]"""));
        Assert.Equal(529, (await client.PostAsync(Client.Body())).Status);
        Assert.Equal(204, await CallAsync(client, "DELETE", "/_sandbox/faults"));
        Assert.Equal(200, (await client.PostAsync(Client.Body())).Status);
        Assert.Equal(400, await CallAsync(client, "POST", "/_sandbox/faults", """{"dorp":true}"""));
        Assert.Equal(400, await CallAsync(client, "POST", "/_sandbox/faults", """{"drop":true,"stallBeforeHeaders":true}"""));
        Assert.Equal(404, await CallAsync(client, "GET", "/_sandbox/nothing"));
    }

    [Fact]
    public async Task Requests_are_listed_with_headers_and_body_and_control_is_not()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        await client.PostAsync(Client.Body());
        await sandbox.Requests[0].Finished;
        var listed = JsonDocument.Parse(
            await client.Http.GetStringAsync(new Uri("/_sandbox/requests?atLeast=1", UriKind.Relative))).RootElement;
        var seen = Assert.Single(listed.EnumerateArray());
        Assert.Equal(("POST", "/v1/messages", 200, "answered"),
            (seen.GetText("method"), seen.GetText("path"), seen.GetProperty("status").GetInt32(), seen.GetText("outcome")));
        Assert.Contains(
            seen.GetItems("headers"), header => header[0].GetString() == "x-api-key" && header[1].GetString() == Client.Key);
        Assert.Equal(Client.Body().ToJsonString(), seen.GetText("body"));
        Assert.Equal(Client.Model, seen.GetProperty("json").GetText("model"));

        Assert.Equal(204, await CallAsync(client, "DELETE", "/_sandbox/requests"));
        Assert.Equal("[]", await client.Http.GetStringAsync(new Uri("/_sandbox/requests", UriKind.Relative)));
    }

    [Fact]
    public async Task Keys_come_over_HTTP()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { AcceptUnknownKeys = false });
        using var client = new Client(sandbox);
        Assert.Equal(401, (await client.PostAsync(Client.Body())).Status);
        Assert.Equal(
            204, await CallAsync(client, "POST", "/_sandbox/keys", $$"""{"key":"{{Client.Key}}","workspace":"wrkspc_new"}"""));
        using var response = await client.SendAsync(Client.Body());
        Assert.Equal("wrkspc_new", response.Headers.GetValues("anthropic-workspace-id").Single());
        Assert.Equal(204, await CallAsync(client, "DELETE", "/_sandbox/cache"));
    }

    private static async Task<int> CallAsync(Client client, string method, string path, string body = "")
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method), path)
        { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await client.Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
