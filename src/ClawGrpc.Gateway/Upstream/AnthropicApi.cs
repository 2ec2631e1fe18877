using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Completions;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>What became of a request: what was asked for, or the failure it means.</summary>
/// <param name="Answer">Null: it failed.</param>
/// <param name="Failure">Null: it did not.</param>
/// <param name="RequestId">Upstream's name of the answer; empty: none, or it failed.</param>
internal readonly record struct Tried<T>(T? Answer, UpstreamFailure? Failure, string RequestId = "")
    where T : class;

/// <summary>Sends requests to Anthropic and tells failures apart; decides nothing else.</summary>
internal sealed class AnthropicApi(HttpMessageInvoker http, TimeProvider time)
{
    // A body longer than this is no envelope and no grant; reading on would only cost.
    private const int LongestBody = 64 * 1024;

    // What comes whole is a number, a page of models, or the message of an upstream that does not stream.
    private const int LongestWhole = 32 * 1024 * 1024;
    private const string Json = "application/json";

    /// <summary>The production handler: no redirects (a secret belongs to one origin), no cookies, no decompression, no spans.</summary>
    public static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ActivityHeadersPropagator = null,

        // Who leaves an answer leaves it at once: reading on to save the connection would have upstream go on, and bill.
        ResponseDrainTimeout = TimeSpan.Zero,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = System.Security.Authentication.SslProtocols.None },
    };

    /// <summary>Sends one Messages request and waits for the head of its answer, or for all of an answer that comes whole.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the caller left, or no answer came in time.</exception>
    public async Task<Tried<AnswerStream>> SendAsync(PreparedRequest request, CancellationToken cancellation)
    {
        var (response, failure) = await OpenAsync(request, cancellation);
        if (response is null)
            return new Tried<AnswerStream>(null, failure);
        try
        {
            var headers = HeadersOf(response);
            if (MediaTypeOf(response) != Json)
            {
                var streamed = new AnswerStream(response, await response.Content.ReadAsStreamAsync(cancellation), headers);
                response = null;
                return new Tried<AnswerStream>(streamed, null, streamed.RequestId);
            }

            var body = await ReadAsync(response, LongestWhole, cancellation);
            if (ErrorEnvelope.Read(body) is { Type: not null } error)
                return new Tried<AnswerStream>(null, Failure.OfEvent(error.Type, error.Message, headers["request-id"]));
            var answer = new AnswerStream(response, new MemoryStream(FoldedMessage.Read(body).ToEvents()), headers);
            response = null;
            return new Tried<AnswerStream>(answer, null, answer.RequestId);
        }
        catch (Exception exception) when (FailureOf(exception, response) is { } known)
        {
            return new Tried<AnswerStream>(null, known);
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>Sends one request whose answer is JSON, and reads all of it.</summary>
    /// <param name="request">The request; not to stream.</param>
    /// <param name="read">Reads the body, and throws a <see cref="MalformedAnswerException"/> when it is not what was asked for.</param>
    /// <param name="cancellation">The caller left, or no answer came in time.</param>
    /// <exception cref="OperationCanceledException">As <see cref="SendAsync"/>.</exception>
    public async Task<Tried<T>> FetchAsync<T>(PreparedRequest request, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellation)
        where T : class
    {
        var (response, failure) = await OpenAsync(request, cancellation);
        if (response is null)
            return new Tried<T>(null, failure);
        using (response)
        {
            try
            {
                return new Tried<T>(read(await ReadAsync(response, LongestWhole, cancellation)), null, HeadersOf(response)["request-id"] ?? "");
            }
            catch (Exception exception) when (FailureOf(exception, response) is { } known)
            {
                return new Tried<T>(null, known);
            }
        }
    }

    /// <summary>A connection that broke, or was never made, before anything was answered.</summary>
    public static UpstreamFailure Broken(Exception exception) =>
        new(FailureKind.ServerError, $"The connection to Anthropic failed: {(exception.InnerException ?? exception).Message}");

    private static UpstreamFailure? FailureOf(Exception exception, HttpResponseMessage? response) => exception switch
    {
        HttpRequestException or IOException => Broken(exception),
        MalformedAnswerException => new UpstreamFailure(FailureKind.ServerError, $"The answer is malformed: {exception.Message}.")
        {
            Status = 200,
            RequestId = response is null ? null : HeadersOf(response)["request-id"],
        },
        _ => null,
    };

    // The head of an answer that is what was asked for, or the failure.
    private async Task<(HttpResponseMessage?, UpstreamFailure?)> OpenAsync(PreparedRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, request.Url);
        if (!request.Body.IsEmpty)
            message.Content = new ReadOnlyMemoryContent(request.Body);
        foreach (var header in request.Headers)
        {
            var owner = header.Name == "content-type" ? (HttpHeaders?)message.Content?.Headers : message.Headers;
            owner?.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        HttpResponseMessage? response = null;
        try
        {
            response = await http.SendAsync(message, cancellation);
            var type = MediaTypeOf(response);

            // Gateways in between do not always stream.
            if (response.StatusCode == HttpStatusCode.OK && (type == request.MediaType || type == Json))
                return (Interlocked.Exchange(ref response, null), null);
            var headers = HeadersOf(response);
            var text = await ReadBodyAsync(response, cancellation);
            return (null, response.IsSuccessStatusCode
                ? OfAnotherType(response, headers, request.MediaType)
                : Failure.OfAnswer((int)response.StatusCode, headers, text, time.GetUtcNow()));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, Broken(exception));
        }
        finally
        {
            response?.Dispose();
        }
    }

    private static UpstreamFailure OfAnotherType(HttpResponseMessage response, AnswerHeaders headers, string expected) =>
        new(FailureKind.ServerError, $"The answer is not {expected} but {MediaTypeOf(response) ?? "without a type"}.")
        {
            Status = (int)response.StatusCode,
            RequestId = headers["request-id"],
        };

    /// <summary>A body that is JSON or an error, as far as it is worth reading.</summary>
    public static Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        ReadAsync(response, LongestBody, cancellation);

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new ArrayBufferWriter<byte>(4096);
        while (buffer.WrittenCount < most && await stream.ReadAsync(buffer.GetMemory(4096), cancellation) is > 0 and var read)
            buffer.Advance(read);
        return buffer.WrittenMemory[..Math.Min(most, buffer.WrittenCount)];
    }

    private static string? MediaTypeOf(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType;

    public static AnswerHeaders HeadersOf(HttpResponseMessage response) => AnswerHeaders.Of(
        response.Headers.NonValidated.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())));
}
