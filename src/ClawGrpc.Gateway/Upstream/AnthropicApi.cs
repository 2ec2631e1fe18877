using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>Sends requests to Anthropic and tells failures apart; decides nothing else.</summary>
internal sealed class AnthropicApi(HttpMessageInvoker http, TimeProvider time)
{
    // A longer body is no error envelope and no grant.
    private const int LongestBody = 64 * 1024;

    // What comes whole is a number, a page of models, or the message of an upstream that does not stream.
    private const int LongestWhole = 32 * 1024 * 1024;
    private const string Json = "application/json";

    /// <summary>
    /// The production handler: no redirects (a secret belongs to one origin), no cookies, no decompression, no spans.
    /// </summary>
    public static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ActivityHeadersPropagator = null,

        // Drains nothing: if the caller leaves, reading on to save the connection would have upstream go on, and bill.
        ResponseDrainTimeout = TimeSpan.Zero,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.None },
    };

    /// <summary>One attempt of a Messages request: sends it and waits for the first content of its answer.</summary>
    /// <param name="request">The request.</param>
    /// <param name="firstEvent">How long the first content may take.</param>
    /// <param name="patience">The call's.</param>
    public async Task<AttemptResult<AnswerStream>> StreamAsync(UpstreamRequest request, TimeSpan firstEvent, Patience patience)
    {
        HttpResponseMessage? response = null;
        AnswerStream? answer = null;
        var hasBegun = false;
        patience.Start(firstEvent);
        try
        {
            using var message = MessageOf(request);
            response = await http.SendAsync(message, patience.Token);
            (answer, var failure) = await OpenAsync(request, response, patience.Token);
            while (failure is null && !answer!.HasBegun(out failure))
            {
                if (!await answer.ReadAsync(patience.Token))
                {
                    failure = FailedAnswer(
                        response, new UpstreamFailure(FailureKind.ServerError, "The answer ended before it began."));
                }
            }

            hasBegun = failure is null;
            return hasBegun
                ? new AttemptResult<AnswerStream>.Served(answer!, answer!.RequestId)
                : new AttemptResult<AnswerStream>.Failed(WithoutSecrets(failure!, request), answer?.CountedBefore);
        }
        catch (OperationCanceledException) when (patience.Caller.IsCancellationRequested)
        {
            return new AttemptResult<AnswerStream>.CallerLeft(answer?.CountedBefore);
        }
        catch (Exception exception) when (FailureOf(exception, response, firstEvent) is { } failure)
        {
            return new AttemptResult<AnswerStream>.Failed(WithoutSecrets(failure, request), answer?.CountedBefore);
        }
        finally
        {
            patience.Stop();
            if (!hasBegun)
                await DisposeAsync(response, answer);
        }
    }

    /// <summary>One attempt of a request whose answer is JSON: sends it and reads all of the answer.</summary>
    /// <param name="request">The request; not to stream.</param>
    /// <param name="read">
    /// Reads the body; throws a <see cref="MalformedAnswerException"/> if it is not what was asked for.
    /// </param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="patience">The call's.</param>
    public async Task<AttemptResult<T>> FetchAsync<T>(
        UpstreamRequest request, Func<ReadOnlyMemory<byte>, T> read, TimeSpan limit, Patience patience)
    {
        HttpResponseMessage? response = null;
        patience.Start(limit);
        try
        {
            using var message = MessageOf(request);
            response = await http.SendAsync(message, patience.Token);
            if (await FailureOfAsync(request, response, patience.Token) is { } refused)
                return new AttemptResult<T>.Failed(WithoutSecrets(refused, request));
            var body = await ReadAsync(response, LongestWhole, patience.Token);
            return new AttemptResult<T>.Served(read(body), RequestIdOf(response) ?? "");
        }
        catch (OperationCanceledException) when (patience.Caller.IsCancellationRequested)
        {
            return new AttemptResult<T>.CallerLeft(null);
        }
        catch (Exception exception) when (FailureOf(exception, response, limit) is { } failure)
        {
            return new AttemptResult<T>.Failed(WithoutSecrets(failure, request));
        }
        finally
        {
            patience.Stop();
            response?.Dispose();
        }
    }

    /// <summary>A body that is JSON or an error, as far as it is worth reading.</summary>
    public static Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        ReadAsync(response, LongestBody, cancellation);

    public static AnswerHeaders HeadersOf(HttpResponseMessage response) => AnswerHeaders.Of(
        response.Headers.NonValidated.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())));

    private static HttpRequestMessage MessageOf(UpstreamRequest request)
    {
        var message = new HttpRequestMessage(request.Method, request.Url);
        if (!request.Body.IsEmpty)
            message.Content = new ReadOnlyMemoryContent(request.Body);
        foreach (var header in request.Headers)
        {
            var owner = header.Name == "content-type" ? (HttpHeaders?)message.Content?.Headers : message.Headers;
            owner?.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        return message;
    }

    // The failure that the head of an answer stands for; null if it is what was asked for. Gateways in between do not always
    // stream.
    private async ValueTask<UpstreamFailure?> FailureOfAsync(
        UpstreamRequest request, HttpResponseMessage response, CancellationToken cancellation)
    {
        var type = MediaTypeOf(response);
        if (response.StatusCode == HttpStatusCode.OK && (type == request.MediaType || type == Json))
            return null;
        if (response.IsSuccessStatusCode)
        {
            return new UpstreamFailure(
                FailureKind.ServerError, $"The answer is not {request.MediaType} but {type ?? "without a type"}.")
            {
                Status = (int)response.StatusCode,
                RequestId = RequestIdOf(response),
            };
        }

        var body = await ReadBodyAsync(response, cancellation);
        return Failure.OfAnswer((int)response.StatusCode, HeadersOf(response), body, time.GetUtcNow());
    }

    // The answer, or the failure that it stands for.
    private async ValueTask<(AnswerStream? Answer, UpstreamFailure? Failure)> OpenAsync(
        UpstreamRequest request, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (await FailureOfAsync(request, response, cancellation) is { } failure)
            return (null, failure);
        var headers = HeadersOf(response);
        if (MediaTypeOf(response) != Json)
            return (new AnswerStream(response, await response.Content.ReadAsStreamAsync(cancellation), headers), null);
        var body = await ReadAsync(response, LongestWhole, cancellation);
        return ErrorEnvelope.Read(body) is { Type: not null } error
            ? (null, Failure.OfEvent(error.Type, error.Message, headers["request-id"]))
            : (new AnswerStream(response, new MemoryStream(FoldedMessage.Read(body).ToEvents()), headers), null);
    }

    // The failure that an exception stands for; null if it is a fault of ClawGrpc.
    private static UpstreamFailure? FailureOf(Exception exception, HttpResponseMessage? response, TimeSpan limit) =>
        exception switch
        {
            OperationCanceledException =>
                new UpstreamFailure(FailureKind.TimedOut, $"No first event came within {limit.TotalSeconds:0.#} s."),
            HttpRequestException or IOException => FailedAnswer(response, new UpstreamFailure(
                FailureKind.ServerError,
                $"The connection to Anthropic failed: {(exception.InnerException ?? exception).Message}")),
            MalformedAnswerException => FailedAnswer(response, new UpstreamFailure(
                FailureKind.ServerError, $"The answer is malformed: {exception.Message}.")),
            _ => null,
        };

    // A failure that came after the head of an answer; null if no head came.
    private static UpstreamFailure FailedAnswer(HttpResponseMessage? response, UpstreamFailure failure) =>
        response is null ? failure : failure with { Status = (int)response.StatusCode, RequestId = RequestIdOf(response) };

    private static UpstreamFailure WithoutSecrets(UpstreamFailure failure, UpstreamRequest request) =>
        failure with { Message = request.WithoutSecrets(failure.Message) };

    private static async ValueTask DisposeAsync(HttpResponseMessage? response, AnswerStream? answer)
    {
        if (answer is not null)
            await answer.DisposeAsync();
        response?.Dispose();
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new ArrayBufferWriter<byte>(4096);
        while (buffer.WrittenCount < most && await stream.ReadAsync(buffer.GetMemory(4096), cancellation) is > 0 and var read)
            buffer.Advance(read);
        return buffer.WrittenMemory[..Math.Min(most, buffer.WrittenCount)];
    }

    private static string? MediaTypeOf(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType;

    private static string? RequestIdOf(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("request-id", out var values) ? values.ToString() : null;
}
