using System.Text;
using System.Text.Json;
using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>Requests to the Messages API over HTTP, as clients of Anthropic make them.</summary>
internal static class MessagesOverHttp
{
    public const string Body = """
        {"model":"claude-sonnet-4-6", "max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}
        """;

    public const string StreamBody = """
        {"model":"claude-sonnet-4-6","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}
        """;

    /// <summary>A request with the version that clients send.</summary>
    public static HttpRequestMessage Request(
        string body, string path = "/v1/messages?beta=true", params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    public static async Task<HttpAnswer> PostAsync(
        this ServerFixture fixture, string body, params (string Name, string Value)[] headers)
    {
        using var http = fixture.NewHttp();
        using var response = await http.SendAsync(Request(body, headers: headers));
        return await HttpAnswer.OfAsync(response);
    }
}

/// <summary>An answer over HTTP.</summary>
internal sealed record HttpAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Type => Error.GetProperty("type").GetString()!;

    public string Message => Error.GetProperty("message").GetString()!;

    private JsonElement Error
    {
        get
        {
            var root = JsonDocument.Parse(Body).RootElement;
            Assert.Equal("error", root.GetProperty("type").GetString());
            return root.GetProperty("error");
        }
    }

    public static async Task<HttpAnswer> OfAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(",", header.Value), StringComparer.OrdinalIgnoreCase);
        return new HttpAnswer((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync());
    }
}
