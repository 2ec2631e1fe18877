using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClawGrpc.Testing.Tests;

/// <summary>A plain client of one sandbox, with the credential and version that most tests want.</summary>
internal sealed class Client(Sandbox sandbox, string? key = Client.Key) : IDisposable
{
    public const string Key = "sk-ant-api03-FAKE-one";
    public const string Model = "claude-sonnet-4-6";

    // Without the drain time a response that is disposed closes its connection at once.
    public HttpClient Http { get; } = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
    {
        BaseAddress = new(sandbox.BaseUrl),
        Timeout = TimeSpan.FromSeconds(30),
    };

    public void Dispose() => Http.Dispose();

    /// <summary>
    /// A request of the simplest kind, with <paramref name="more"/> members laid over it (JSON; null removes one).
    /// </summary>
    public static JsonObject Body(string more = "{}")
    {
        var body = JsonNode.Parse(
            $$"""{"model":"{{Model}}","max_tokens":64,"messages":[{"role":"user","content":"Hello there"}]}""")!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(more)!.AsObject().ToList())
        {
            body.Remove(name);
            if (value is not null)
            {
                body[name] = value.DeepClone();
            }
        }

        return body;
    }

    public HttpRequestMessage Request(
        JsonNode body, string path = "/v1/messages", params ReadOnlySpan<(string Name, string Value)> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        if (!request.Headers.Contains("anthropic-version"))
        {
            request.Headers.Add("anthropic-version", "2023-06-01");
        }

        return request;
    }

    /// <summary>Sends and returns when the headers are there.</summary>
    public Task<HttpResponseMessage> SendAsync(JsonNode body, CancellationToken cancellation = default) =>
        Http.SendAsync(Request(body), HttpCompletionOption.ResponseHeadersRead, cancellation);

    public async Task<(int Status, JsonElement Json)> PostAsync(
        JsonNode body, string path = "/v1/messages", params (string Name, string Value)[] headers)
    {
        using var response = await Http.SendAsync(Request(body, path, headers));
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement);
    }

    public async Task<string> StreamAsync(string more = "{}")
    {
        var body = Body(more);
        body["stream"] = true;
        using var response = await SendAsync(body);
        return await response.Content.ReadAsStringAsync();
    }
}
