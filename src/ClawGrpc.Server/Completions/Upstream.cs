using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using ClawGrpc.Core.Failures;
using ClawGrpc.Core.Messages;

namespace ClawGrpc.Server.Completions;

/// <summary>What became of a send: an answer that streams, or the failure it means.</summary>
internal readonly record struct SendResult(AnswerStream? Answer, UpstreamFailure? Failure);

/// <summary>Sends requests to Anthropic and tells failures apart; decides nothing else.</summary>
internal sealed class Upstream(HttpMessageInvoker http, TimeProvider time)
{
    // An error body longer than this is no envelope; reading on would only cost.
    private const int LongestErrorBody = 64 * 1024;

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

    /// <summary>Sends one Messages request and waits for the head of its answer.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: the caller left, or no answer came in time.</exception>
    public async Task<SendResult> SendAsync(
        Uri url, ImmutableArray<RequestHeader> headers, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        foreach (var header in headers)
        {
            var owner = header.Name == "content-type" ? (HttpHeaders)request.Content.Headers : request.Headers;
            owner.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellation);
        }
        catch (HttpRequestException exception)
        {
            return new SendResult(null, Broken(exception));
        }

        try
        {
            var answer = HeadersOf(response);
            if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                var stream = new AnswerStream(response, await response.Content.ReadAsStreamAsync(cancellation), answer);
                response = null!;
                return new SendResult(stream, null);
            }

            if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "application/json")
                return OfWhole(response, answer, await ReadAsync(response, WholeAnswer.LongestBody, cancellation));
            var text = await ReadAsync(response, LongestErrorBody, cancellation);
            return new SendResult(null, response.IsSuccessStatusCode
                ? NoStream(response, answer)
                : Failure.OfAnswer((int)response.StatusCode, answer, text, time.GetUtcNow()));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new SendResult(null, Broken(exception));
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>A connection that broke, or was never made, before anything was answered.</summary>
    public static UpstreamFailure Broken(Exception exception) =>
        new(FailureKind.ServerError, $"The connection to Anthropic failed: {(exception.InnerException ?? exception).Message}");

    private static UpstreamFailure NoStream(HttpResponseMessage response, AnswerHeaders headers) =>
        new(FailureKind.ServerError, $"The answer is no event stream but {response.Content.Headers.ContentType?.MediaType ?? "without a type"}.")
        {
            Status = (int)response.StatusCode,
            RequestId = headers["request-id"],
        };

    // The events hold all of it: the response is not needed any more, and disposing of it twice does no harm.
    private static SendResult OfWhole(HttpResponseMessage response, AnswerHeaders headers, ReadOnlyMemory<byte> body)
    {
        try
        {
            return new SendResult(new AnswerStream(response, WholeAnswer.ToEvents(body), headers), null);
        }
        catch (MalformedAnswerException exception)
        {
            var error = ErrorEnvelope.Read(body);
            return new SendResult(null, error.Type is not null
                ? Failure.OfEvent(error.Type, error.Message, headers["request-id"])
                : new UpstreamFailure(FailureKind.ServerError, $"The answer is no event stream: {exception.Message}.")
                {
                    Status = (int)response.StatusCode,
                    RequestId = headers["request-id"],
                });
        }
    }

    // As much of the body as counts.
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new ArrayBufferWriter<byte>(4096);
        while (buffer.WrittenCount < most && await stream.ReadAsync(buffer.GetMemory(4096), cancellation) is > 0 and var read)
            buffer.Advance(read);
        return buffer.WrittenMemory[..Math.Min(most, buffer.WrittenCount)];
    }

    private static AnswerHeaders HeadersOf(HttpResponseMessage response) => AnswerHeaders.Of(
        response.Headers.NonValidated.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())));
}
