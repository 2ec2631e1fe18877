using System.Text.Json;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>Prompts of tests, and the completions that answer them.</summary>
internal static class Prompts
{
    /// <summary>A prompt of one user message.</summary>
    public static CompletionInput Input(string prompt = "Hello", Action<CompletionInput>? with = null)
    {
        var message = new Message { Role = Role.User, Content = { Text(prompt) } };
        var input = new CompletionInput { Messages = new MessagesRequest { MaxTokens = 64, Messages = { message } } };
        with?.Invoke(input);
        return input;
    }

    public static ContentBlock Text(string text) => new() { Text = new TextBlock { Text = text } };

    /// <summary>The whole stream, read to its end.</summary>
    public static async Task<Answer> StreamAsync(
        this ServerFixture fixture, CompletionInput? input =
            null, bool raw = false, DateTime? deadline = null, CancellationToken cancellation = default)
    {
        using var call = fixture.Models.StreamComplete(
            new StreamCompleteRequest { Input = input ?? Input(), RawEvents = raw }, cancellationToken: cancellation,
                deadline: deadline);
        var parts = new List<StreamCompleteResponse>();
        CallFailure? failure = null;
        try
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
                parts.Add(call.ResponseStream.Current);
        }
        catch (RpcException exception) when (exception.Trailers.Get("grpc-status-details-bin") is not null)
        {
            failure = new CallFailure(exception);
        }

        return new Answer
        {
            Text = string.Concat(parts.Select(TextOf)),
            Parts = parts,
            Failure = failure,
            Receipt = failure?.Receipt ?? parts.LastOrDefault()?.Finished?.Receipt,
        };
    }

    /// <summary>A stream that the test reads by itself.</summary>
    public static AsyncServerStreamingCall<StreamCompleteResponse> OpenStream(
        this ServerFixture fixture, DateTime? deadline = null, CancellationToken cancellation = default) =>
        fixture.Models.StreamComplete(
            new StreamCompleteRequest { Input = Input() }, cancellationToken: cancellation, deadline: deadline);

    /// <summary>Reads until this much of the answer has come.</summary>
    public static async Task ReadTextAsync(this AsyncServerStreamingCall<StreamCompleteResponse> call, string text)
    {
        for (var come = ""; come != text; come += TextOf(call.ResponseStream.Current))
        {
            Assert.StartsWith(come, text, StringComparison.Ordinal);
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None), "The answer ended.");
        }
    }

    /// <summary>The whole answer in one message.</summary>
    public static async Task<Answer> CompleteAsync(this ServerFixture fixture, CompletionInput? input = null)
    {
        try
        {
            var response = await fixture.Models.CompleteAsync(new CompleteRequest { Input = input ?? Input() });
            return new Answer
            {
                Text = string.Concat(
                response.Completion.Content.Select(block => block.Text?.Text)),
                Receipt = response.Receipt
            };
        }
        catch (RpcException exception)
        {
            var failure = new CallFailure(exception);
            return new Answer { Text = "", Failure = failure, Receipt = failure.Receipt };
        }
    }

    /// <summary>In either way.</summary>
    public static Task<Answer> AskAsync(this ServerFixture fixture, bool stream, CompletionInput? input = null) =>
        stream ? fixture.StreamAsync(input) : fixture.CompleteAsync(input);

    /// <summary>A completion whose retries in place take no time.</summary>
    public static Task<T> PatientlyAsync<T>(this ServerFixture fixture, Task<T> answer) =>
        fixture.Time.PassUntilAsync(answer, TimeSpan.FromMilliseconds(101), TimeSpan.FromMilliseconds(999));

    public static string TextOf(StreamCompleteResponse part) => part.EventCase switch
    {
        StreamCompleteResponse.EventOneofCase.BlockDelta => part.BlockDelta.Text,
        StreamCompleteResponse.EventOneofCase.Raw when part.Raw.Type == "content_block_delta" =>
            JsonDocument.Parse(part.Raw.Json.Memory).RootElement.GetProperty("delta").GetProperty("text").GetString()!,
        _ => "",
    };
}
