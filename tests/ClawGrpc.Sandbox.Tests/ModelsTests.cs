using System.Text.Json;

namespace ClawGrpc.Testing.Tests;

public class ModelsTests
{
    [Fact]
    public async Task Pages_forward_and_backward_meet_every_model_once()
    {
        await using var sandbox = await Sandbox.StartAsync(new() { ExtraModels = ["claude-extra-1"] });
        using var client = new Client(sandbox);
        var all = Ids(await GetAsync(client, "/v1/models?limit=1000"));
        Assert.Contains("claude-extra-1", all);

        var forward = new List<string>();
        var page = await GetAsync(client, "/v1/models?limit=7");
        while (true)
        {
            forward.AddRange(Ids(page));
            if (!page.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            page = await GetAsync(client, $"/v1/models?limit=7&after_id={page.GetProperty("last_id").GetString()}");
        }

        Assert.Equal(all, forward);
        Assert.Equal(all[3..5], Ids(await GetAsync(client, $"/v1/models?limit=2&before_id={all[5]}")));
    }

    [Fact]
    public async Task One_model_is_found_by_id_or_alias_and_no_other()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var client = new Client(sandbox);
        Assert.Equal(
            "claude-opus-4-5-20251101", (await GetAsync(client, "/v1/models/claude-opus-4-5")).GetProperty("id").GetString());
        Assert.Equal(
            "model: nope", (await GetAsync(client, "/v1/models/nope")).GetProperty("error").GetProperty("message").GetString());
        Assert.Equal("limit: Input should be between 1 and 1000", (await GetAsync(client, "/v1/models?limit=0")).GetProperty(
            "error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Hello_needs_no_credential()
    {
        await using var sandbox = await Sandbox.StartAsync();
        using var http = new HttpClient { BaseAddress = new(sandbox.BaseUrl) };
        using var response = await http.SendAsync(new(HttpMethod.Head, "/api/hello"));
        Assert.Equal(200, (int)response.StatusCode);
    }

    private static async Task<JsonElement> GetAsync(Client client, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-api-key", Client.Key);
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var response = await client.Http.SendAsync(request);
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private static string[] Ids(JsonElement page) =>
        [.. page.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!)];
}
