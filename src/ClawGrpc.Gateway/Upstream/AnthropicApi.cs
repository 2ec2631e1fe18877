using System.Net.Http.Headers;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Upstream;

/// <summary>Sends requests to Anthropic and tells failures apart; decides nothing else.</summary>
internal sealed class AnthropicApi(Connections connections, TimeProvider time)
{
    // The message of an upstream that does not stream.
    private const int LongestWhole = 32 * 1024 * 1024;

    // A number or a page of models.
    private const int LongestFetched = 4 * 1024 * 1024;

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
            response = await SendAsync(request, patience.Token);
            var failure = await FailureOfAsync(request, response, patience.Caller);
            if (failure is null)
            {
                var body = await AnswerBody.OpenAsync(response, patience.Token);
                answer = new AnswerStream(response, body, HeadersOf(request, response), SecretForms.Of(request.Credential));
                failure = await BeginAsync(answer, response, patience.Token);
            }

            hasBegun = failure is null;
            return hasBegun
                ? new AttemptResult<AnswerStream>.Served(answer!, answer!.RequestId)
                : Failed<AnswerStream>(failure!, request, response, answer);
        }
        catch (OperationCanceledException) when (patience.Caller.IsCancellationRequested)
        {
            return new AttemptResult<AnswerStream>.CallerLeft(answer?.CountedBefore);
        }
        catch (Exception exception) when (FailureOf(exception, response, firstEvent) is { } failure)
        {
            return Failed<AnswerStream>(failure, request, response, answer);
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
            response = await SendAsync(request, patience.Token);
            if (await FailureOfAsync(request, response, patience.Caller) is { } refused)
                return Failed<T>(refused, request, response, null);
            var body = await AnswerBody.ReadAsync(response, LongestFetched, patience.Token);
            return new AttemptResult<T>.Served(read(request.WithoutSecrets(body)), RequestIdOf(request, response) ?? "");
        }
        catch (OperationCanceledException) when (patience.Caller.IsCancellationRequested)
        {
            return new AttemptResult<T>.CallerLeft(null);
        }
        catch (Exception exception) when (FailureOf(exception, response, limit) is { } failure)
        {
            return Failed<T>(failure, request, response, null);
        }
        finally
        {
            patience.Stop();
            response?.Dispose();
        }
    }

    private static AnswerHeaders HeadersOf(UpstreamRequest request, HttpResponseMessage response)
    {
        var kept = new List<KeyValuePair<string, string>>(16);
        foreach (var (name, value) in response.Headers.NonValidated)
        {
            if (AnswerHeaders.Counts(name))
                kept.Add(KeyValuePair.Create(request.WithoutSecrets(name), request.WithoutSecrets(value.ToString())));
        }

        return AnswerHeaders.Of(kept);
    }

    private async Task<HttpResponseMessage> SendAsync(UpstreamRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(request.Method, request.Url);
        if (!request.Body.IsEmpty)
            message.Content = new ReadOnlyMemoryContent(request.Body);
        foreach (var header in request.Headers)
        {
            var owner = header.Name == "content-type" ? (HttpHeaders?)message.Content?.Headers : message.Headers;
            owner?.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        return await connections.SendAsync(message, request.OnNewConnection, cancellation);
    }

    // The failure that a status stands for; null if the request succeeded.
    private async ValueTask<UpstreamFailure?> FailureOfAsync(
        UpstreamRequest request, HttpResponseMessage response, CancellationToken caller)
    {
        if (response.IsSuccessStatusCode)
            return null;
        var body = request.WithoutSecrets(await AnswerBody.ReadErrorAsync(response, time, caller));
        var failure = Failure.OfAnswer((int)response.StatusCode, HeadersOf(request, response), body, time.GetUtcNow());
        return ErrorEnvelope.Read(body).IsWhole ? failure with { Body = body } : failure;
    }

    // Waits for content; returns the failure if something else comes. The bytes decide and not the content type, as in the
    // official SDKs: gateways in between do not always stream, or name the type.
    private static async ValueTask<UpstreamFailure?> BeginAsync(
        AnswerStream answer, HttpResponseMessage response, CancellationToken cancellation)
    {
        while (answer.First is null && await answer.ReadAsync(cancellation))
        {
            // A byte order mark or white space alone says nothing.
        }

        if (answer.First == (byte)'<')
        {
            return FailedAnswer(response, new UpstreamFailure(
                FailureKind.ServerError, $"The answer is not events but {MediaTypeOf(response) ?? "markup"}."));
        }

        if (answer.First == (byte)'{')
        {
            var body = await answer.ReadAllAsync(LongestWhole, cancellation);
            if (ErrorEnvelope.Read(body) is { Type: not null } error)
                return Failure.OfEvent(error.Type, error.Message, answer.RequestId);
            answer.Become(FoldedMessage.Read(body).ToEvents());
        }

        UpstreamFailure? failure;
        while (!answer.HasBegun(out failure))
        {
            if (!await answer.ReadAsync(cancellation))
            {
                return FailedAnswer(
                    response, new UpstreamFailure(FailureKind.ServerError, "The answer ended before it began."));
            }
        }

        return failure;
    }

    // The failure that an exception stands for; null if it is a fault of ClawGrpc.
    private static UpstreamFailure? FailureOf(Exception exception, HttpResponseMessage? response, TimeSpan limit) =>
        exception switch
        {
            OperationCanceledException =>
                new UpstreamFailure(FailureKind.TimedOut, $"No first event came within {limit.TotalSeconds:0.#} s.")
                {
                    RequestId = RequestIdOf(response),
                },
            _ when AnswerBody.IsBreak(exception) => FailedAnswer(response, new UpstreamFailure(
                FailureKind.ServerError,
                $"The connection to Anthropic failed: {(exception.InnerException ?? exception).Message}")
            {
                WasUnanswered = response is null && IsLost(exception),
            }),
            MalformedAnswerException => FailedAnswer(response, new UpstreamFailure(
                FailureKind.ServerError, $"The answer is malformed: {exception.Message}.")),
            _ => null,
        };

    // A failure that came after the head of an answer; null if no head came.
    private static UpstreamFailure FailedAnswer(HttpResponseMessage? response, UpstreamFailure failure) =>
        response is null ? failure : failure with { Status = (int)response.StatusCode, RequestId = RequestIdOf(response) };

    // Whether a connection was lost that had been there.
    private static bool IsLost(Exception exception) => exception is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError or HttpRequestError.InvalidResponse
            or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.VersionNegotiationError,
    };

    private static AttemptResult<T>.Failed Failed<T>(
        UpstreamFailure failure, UpstreamRequest request, HttpResponseMessage? response, AnswerStream? answer) =>
        new(request.WithoutSecrets(failure), answer?.CountedBefore)
        {
            Headers = answer?.Headers ?? (response is null ? AnswerHeaders.None : HeadersOf(request, response)),
        };

    private static async ValueTask DisposeAsync(HttpResponseMessage? response, AnswerStream? answer)
    {
        if (answer is not null)
            await answer.DisposeAsync();
        response?.Dispose();
    }

    private static string? MediaTypeOf(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType;

    private static string? RequestIdOf(HttpResponseMessage? response) =>
        response is not null && response.Headers.NonValidated.TryGetValues("request-id", out var values)
            ? values.ToString()
            : null;

    private static string? RequestIdOf(UpstreamRequest request, HttpResponseMessage response) =>
        RequestIdOf(response) is { } id ? request.WithoutSecrets(id) : null;
}
