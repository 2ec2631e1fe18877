using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;

namespace ClawGrpc.Bench;

/// <summary>
/// Sends the Messages requests that clawgrpc sends upstream, with a key of its own, and takes the answer byte by byte.
/// </summary>
internal sealed class HttpCaller : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly Uri _url;

    private readonly string _name;

    /// <param name="name">Of the gateway, for errors.</param>
    /// <param name="socketPath">Null: over TCP.</param>
    /// <param name="baseUrl">Where to.</param>
    public HttpCaller(string name, string? socketPath, Uri baseUrl)
    {
        _name = name;
        _url = new Uri(baseUrl, "/v1/messages");
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null };
        if (socketPath is not null)
        {
            handler.ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>The ClawGrpc token that is sent instead of the key; null: the key.</summary>
    public string? Token { get; set; }

    /// <summary>The answer, whatever it is.</summary>
    public async Task<Answer> FetchAsync(Workload workload)
    {
        using var response = await SendAsync(workload);
        return new Answer(await response.Content.ReadAsByteArrayAsync());
    }

    /// <exception cref="WrongAnswerException">The answer differs in a byte.</exception>
    public async Task CallAsync(int caller, Workload workload, Answer answer)
    {
        using var response = await SendAsync(workload);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        var at = 0;
        int read;
        while ((read = await body.ReadAsync(buffer)) > 0)
        {
            if (!answer.Bytes.AsSpan(at).StartsWith(buffer.AsSpan(0, read)))
                throw new WrongAnswerException($"{_name}: the answer to caller {caller} differs behind byte {at}.");
            at += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (at != answer.Bytes.Length)
            throw new WrongAnswerException($"{_name}: the answer to caller {caller} ends at byte {at} of {answer.Bytes.Length}.");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Workload workload)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, _url)
        { Content = new ReadOnlyMemoryContent(BodyOf(workload)) };
        request.Content.Headers.Add("content-type", "application/json");
        if (Token is null)
            request.Headers.Add("x-api-key", ClawGrpcCaller.Key);
        request.Headers.Add("anthropic-version", "2023-06-01");
        request.Headers.Add("accept", workload.IsStream ? "text/event-stream" : "application/json");
        if (Token is { } token)
            request.Headers.Add("authorization", $"Bearer {token}");
        var response = await _http.SendAsync(request, CancellationToken.None);
        return response.IsSuccessStatusCode
            ? response
            : throw new WrongAnswerException($"{_url}: HTTP {(int)response.StatusCode}.");
    }

    private static byte[] BodyOf(Workload workload) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = ClawGrpcCaller.Model,
        max_tokens = ClawGrpcCaller.MaxTokens,
        stream = workload.IsStream,
        system = new[] { new { type = "text", text = ClawGrpcCaller.System } },
        messages = new[] { new { role = "user", content = new[] { new { type = "text", text = workload.Prompt } } } },
    });
}
